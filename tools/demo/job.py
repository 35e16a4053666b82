# SPDX-License-Identifier: Apache-2.0
"""The main job by the guide's own commands: a machine in a bucket becomes an image and comes back.

What the import changes in the guest is shown before and taken back after, so that what comes back
can be compared bit for bit with what went in.

Source: the guide, "Required service role", "Import your VM as an image" (example 1), "Import a disk
as a snapshot", "Export a VM from an AMI"; the repaired forms of aws-behaviour.md, 13.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tools.demo.shell import DemoError

from vmferry.units import GIB, human

if TYPE_CHECKING:
    from pathlib import Path

    from tools.demo.shell import Shell

MACHINE: Final = "my-server-vm.ova"
POLICIES: Final = ("trust-policy.json", "role-policy.json", "containers.json")

CREATE_ROLE: Final = (
    "aws iam create-role --role-name vmimport"
    " --assume-role-policy-document file://trust-policy.json"
)
PUT_ROLE_POLICY: Final = (
    "aws iam put-role-policy --role-name vmimport --policy-name vmimport"
    " --policy-document file://role-policy.json"
)

IMPORT_IMAGE: Final = r"""aws ec2 import-image \
--description "$(date '+%b %d %H:%M') My server VM" \
--license-type "AWS" \
--disk-containers '[{
  "Format": "OVA",
  "UserBucket": {
    "S3Bucket": "amzn-s3-demo-import-bucket",
    "S3Key": "vms/my-server-vm.ova"
  }
}]'"""

EXPORT_IMAGE: Final = r"""aws ec2 export-image \
--description "$(date '+%b %d %H:%M') My image export" \
--image-id {image} \
--disk-image-format {format} \
--s3-export-location S3Bucket=amzn-s3-demo-export-bucket,S3Prefix=exports/"""

CHECK: Final = f"vmferry check {MACHINE} || test $? -le 2"
"""The status is 1 for a machine that is taken with warnings, 2 for one that is refused."""

PLAN: Final = f"vmferry check --plan {MACHINE} | sed -n '/^plan/,$p'"

UNDO: Final = "vmferry image undo --state-dir state {image} || true"
"""Refuses an image in which nothing was changed."""

SHOW_IMAGE: Final = (
    "aws ec2 describe-images --image-ids {image} --output table --query 'Images[0].{{"
    "Description:Description, Architecture:Architecture, BootMode:BootMode, State:State, "
    "VolumeSizeGiB:BlockDeviceMappings[0].Ebs.VolumeSize, "
    "Snapshot:BlockDeviceMappings[0].Ebs.SnapshotId}}'"
)


class Times(NamedTuple):
    """Seconds of the tasks, as a user waits for them."""

    image: float
    raw: float
    vmdk: float


class Exports(NamedTuple):
    """What the demo has got back: the exported disks, in order, and how long the tasks took."""

    raw: list[Path]
    vmdk: list[Path]
    times: Times


def main_job(shell: Shell, source: str) -> Exports:
    """Import the machine, look at the image, export it as it was twice and download the files.

    Args:
        shell: Its folder has ``MACHINE`` and the ``POLICIES``.
        source: A VMDK file in that folder, to be imported as a snapshot.

    Raises:
        DemoError: A command or a task failed.
    """
    screen = shell.screen
    screen.title("The aws CLI, unmodified")
    shell.run("aws --version")
    screen.title("The verdict before anything is copied, and what an import will change")
    shell.run(CHECK)
    shell.run(PLAN)
    screen.title("Buckets, and the service role as the guide says")
    shell.run("aws s3 mb s3://amzn-s3-demo-import-bucket")
    shell.run("aws s3 mb s3://amzn-s3-demo-export-bucket")
    shell.run(CREATE_ROLE)
    shell.run(PUT_ROLE_POLICY)
    screen.title("The machine becomes an image")
    shell.run(f"aws s3 cp {MACHINE} s3://amzn-s3-demo-import-bucket/vms/")
    image, image_s = _import_image(shell)
    shell.run(SHOW_IMAGE.format(image=image))
    screen.title("One of its disks becomes a snapshot; nothing is stored twice")
    _import_snapshot(shell, source)
    screen.title("The image as it was before the changes comes back, as RAW and as VMDK")
    unmodified = _unmodified(shell, image)
    raw, raw_s = _export_image(shell, unmodified, "RAW")
    vmdk, vmdk_s = _export_image(shell, unmodified, "VMDK")
    shell.run("aws s3 cp --recursive s3://amzn-s3-demo-export-bucket/exports/ exports/")
    return Exports(
        _downloaded(shell.folder, raw, "raw"),
        _downloaded(shell.folder, vmdk, "vmdk"),
        Times(image_s, raw_s, vmdk_s),
    )


def _import_image(shell: Shell) -> tuple[str, float]:
    started = time.monotonic()
    task = shell.ask(IMPORT_IMAGE)["ImportTaskId"]
    done = shell.follow(
        f"aws ec2 describe-import-image-tasks --import-task-ids {task}",
        lambda answer: answer["ImportImageTasks"][0],
    )
    return done["ImageId"], time.monotonic() - started


def _unmodified(shell: Shell, image: str) -> str:
    """Return the image without what its import changed; itself if that was nothing."""
    words = shell.run(UNDO.format(image=image)).split()
    return words[0] if words else image


def _import_snapshot(shell: Shell, source: str) -> None:
    shell.run(f"aws s3 cp {source} s3://amzn-s3-demo-import-bucket/vms/my-server-vm.vmdk")
    task = shell.ask(
        'aws ec2 import-snapshot --description "My server VM"'
        " --disk-container file://containers.json"
    )["ImportTaskId"]
    shell.follow(
        f"aws ec2 describe-import-snapshot-tasks --import-task-ids {task}",
        lambda answer: answer["ImportSnapshotTasks"][0]["SnapshotTaskDetail"],
    )


def _export_image(shell: Shell, image: str, disk_format: str) -> tuple[str, float]:
    started = time.monotonic()
    answer = shell.ask(EXPORT_IMAGE.format(image=image, format=disk_format))
    task = answer["ExportImageTaskId"]
    shell.follow(
        f"aws ec2 describe-export-image-tasks --export-image-task-ids {task}",
        lambda answer: answer["ExportImageTasks"][0],
    )
    return str(task), time.monotonic() - started


def _downloaded(folder: Path, task: str, suffix: str) -> list[Path]:
    """Return the files of one export: the first disk has no number, the others count from 2."""
    found = list((folder / "exports").glob(f"{task}*.{suffix}"))
    if not found:
        raise DemoError(f"the export {task} left no .{suffix} file in the bucket")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def check_space(folder: Path, size: int) -> None:
    """Refuse to begin where the disks would not fit.

    Args:
        folder: Where the demo works.
        size: Bytes of all disks, unpacked.

    Raises:
        DemoError: The file system has too little room.
    """
    # The RAW export in the bucket, its download, and qemu-img's conversion; the latter is sparse,
    # but how sparse is not known yet.
    needed, free = 3 * size + GIB, shutil.disk_usage(folder).free
    if free < needed:
        raise DemoError(
            f"{folder} has {human(free)} free, up to {human(needed)} are needed; "
            "set TMPDIR to a larger place"
        )
