# SPDX-License-Identifier: Apache-2.0
"""A service of the benchmark's own, used as any client would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

VMFERRY: Final = Path(sys.executable).parent / "vmferry"
BUCKET: Final = "bench"
POLL_S: Final = 0.1
"""A poll costs client and service 15 ms of processor; ten a second take little from the task."""

IGNORED: Final = ("AWS_", "VMFERRY_", "PYTHONDONTWRITEBYTECODE")
"""Settings of the caller's shell that would measure another service than a user's: without byte
code every start compiles all of our modules again."""

TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "vmie.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "vmimport"}},
        }
    ],
}
POLICY: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


class Endpoint:
    """One running service.

    Attributes:
        state: Its state directory.
        started_s: Seconds from the command to the line that says it is ready.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "VMFERRY_"))
        }
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [VMFERRY, "serve", "--state-dir", state, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        self.started_s = time.perf_counter() - began
        self._url = line.partition("ready at ")[2].partition(". ")[0]

    def client(self, service: str) -> Any:  # noqa: ANN401
        """Return a boto3 client."""
        lines = (self.state / "credentials").read_text().splitlines()
        keys = dict(line.split(" = ") for line in lines if " = " in line)
        return boto3.client(
            service,
            endpoint_url=self._url,
            region_name="us-east-1",
            aws_access_key_id=keys["aws_access_key_id"],
            aws_secret_access_key=keys["aws_secret_access_key"],
        )

    def prepare(self) -> None:
        """Make the role and the bucket."""
        iam = self.client("iam")
        iam.create_role(RoleName="vmimport", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName="vmimport", PolicyName="p", PolicyDocument=json.dumps(POLICY))
        self.client("s3").create_bucket(Bucket=BUCKET)

    def upload(self, file: Path) -> str:
        """Put a file into the bucket and return its key."""
        self.client("s3").upload_file(str(file), BUCKET, file.name)
        return file.name

    def import_snapshot(self, key: str) -> str:
        """Import an object and return the snapshot's id."""
        ec2 = self.client("ec2")
        container = {"Format": "VMDK", "UserBucket": {"S3Bucket": BUCKET, "S3Key": key}}
        task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]
        while True:
            answer = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])
            detail = answer["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
            if detail["Status"] != "active":
                return str(detail["SnapshotId"])
            time.sleep(POLL_S)

    def register(self, name: str, snapshot: str) -> str:
        """Make an image of a snapshot and return its id."""
        answer = self.client("ec2").register_image(
            Name=name,
            Architecture="x86_64",
            VirtualizationType="hvm",
            RootDeviceName="/dev/sda1",
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
        )
        return str(answer["ImageId"])

    def export(self, image: str, kind: str) -> Path:
        """Export an image and return the artifact's file in the bucket."""
        ec2 = self.client("ec2")
        place = {"S3Bucket": BUCKET, "S3Prefix": ""}
        answer = ec2.export_image(ImageId=image, DiskImageFormat=kind, S3ExportLocation=place)
        task = answer["ExportImageTaskId"]
        while True:
            answer = ec2.describe_export_image_tasks(ExportImageTaskIds=[task])
            status = answer["ExportImageTasks"][0]["Status"]
            if status == "completed":
                return self.state / "buckets" / BUCKET / f"{task}.{kind.lower()}"
            if status != "active":
                raise SystemExit(f"bench: the export ended as {answer}")
            time.sleep(POLL_S)

    def copy(self, file: Path) -> None:
        """Copy a file into the bucket as a person would, with the aws CLI."""
        program = Path(sys.executable).parent / "aws"
        command = [str(program), "s3", "cp", "--quiet", str(file), f"s3://{BUCKET}/copied"]
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self._url,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.state / "credentials"),
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        subprocess.run(command, check=True, env=environment)

    def peak_mib(self) -> dict[int, float]:
        """Return the largest resident size so far of every process below the service, in MiB."""
        out = {}
        for entry in Path("/proc").iterdir():
            try:
                status = (entry / "status").read_text()
            except OSError:
                continue
            fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            if _below(entry.name, self._process.pid) and "VmHWM" in fields:
                out[int(entry.name)] = int(fields["VmHWM"].split()[0]) / 1024
        return out

    def stop(self) -> None:
        """End the service."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        if self._process.stdout:
            self._process.stdout.close()


def _below(pid: str, ancestor: int) -> bool:
    while pid.isdigit() and int(pid) > 1:
        if int(pid) == ancestor:
            return True
        try:
            pid = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            return False
    return False


@contextmanager
def endpoint(state: Path) -> Iterator[Endpoint]:
    """Run a prepared service for the time of the block."""
    running = Endpoint(state)
    try:
        running.prepare()
        yield running
    finally:
        running.stop()
