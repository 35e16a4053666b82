# SPDX-License-Identifier: Apache-2.0
"""The guest's disk: Debian by mmdebstrap, a file system by mke2fs, GRUB by Debian's own tools.

No loop device, mount or KVM is needed. ``mke2fs -d`` fills the file system in seconds, where
copying the same files through an emulated appliance took minutes; only ``grub-install`` and
``update-grub``, which need to see a disk, run in libguestfs's appliance (``force_tcg``: /dev/kvm
may exist and not work).
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from tools.make_guest.progress import StepError
from tools.make_guest.recipe import FILES

if TYPE_CHECKING:
    from pathlib import Path

    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

PARTITION_OFFSET: Final = 1 << 20
"""Where the first partition begins; GRUB's core image lives in the gap before it."""

GRUB_INSTALL: Final = """\
run
mount /dev/sda1 /
sh "grub-install --target=i386-pc /dev/sda"
sh "update-grub"
umount-all
"""


def make_disk(recipe: Recipe, work: Path, progress: Progress) -> Path:
    """Make the guest's raw disk in ``work`` and return its path.

    Raises:
        StepError: A program is missing or failed.
    """
    root, image = work / "root", work / "disk.raw"
    try:
        _install_debian(recipe, root, work, progress)
        _fill_disk(recipe, root, image, work, progress)
    finally:
        remove(root, work, progress)
    _install_boot_loader(image, work, progress)
    return image


def remove(folder: Path, work: Path, progress: Progress) -> None:
    """Remove a folder that may hold a guest's root, whose files belong to root."""
    command = [*_as_root(), "rm", "-rf", str(folder)]
    progress.run(f"Remove {folder.name}", command, work / "rm.log")


def _as_root() -> list[str]:
    """Device nodes and foreign owners in the tree need root; the rest of the tool does not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise StepError("mmdebstrap: needs root to make device nodes and owners; no sudo here")
    return ["sudo"]


def _install_debian(recipe: Recipe, root: Path, work: Path, progress: Progress) -> None:
    overlay = work / "files"
    for path, text in FILES.items():
        (overlay / path).parent.mkdir(parents=True, exist_ok=True)
        (overlay / path).write_text(text)
    progress.run(
        f"Install Debian {recipe.release} ({recipe.kernel})",
        [
            *_as_root(),
            "mmdebstrap",
            "--variant=minbase",
            "--format=directory",
            f"--include={','.join(recipe.packages)}",
            "--dpkgopt=force-unsafe-io",
            "--aptopt=APT::Install-Recommends false",
            "--aptopt=Acquire::Retries 3",
            f'--customize-hook=cp -r --no-preserve=ownership "{overlay}/." "$1/"',
            f'--customize-hook=echo root:{recipe.password} | chroot "$1" chpasswd',
            recipe.release,
            str(root),
        ],
        work / "mmdebstrap.log",
    )


def _fill_disk(recipe: Recipe, root: Path, image: Path, work: Path, progress: Progress) -> None:
    with image.open("xb") as file:
        file.truncate(recipe.size)
    table = work / "table.sfdisk"
    table.write_text(f"label: dos\nstart={PARTITION_OFFSET // 512}, type=83, bootable\n")
    progress.run(
        "Write the partition table",
        ["sfdisk", "--quiet", str(image)],
        work / "sfdisk.log",
        stdin=table,
    )
    size_kib = (recipe.size - PARTITION_OFFSET) // 1024
    progress.run(
        f"Fill the {recipe.filesystem} file system",
        [
            *_as_root(),
            "mke2fs",
            "-q",
            "-F",
            *("-t", recipe.filesystem),
            *("-E", f"offset={PARTITION_OFFSET}"),
            *("-d", str(root)),
            str(image),
            f"{size_kib}k",
        ],
        work / "mke2fs.log",
    )


def _install_boot_loader(image: Path, work: Path, progress: Progress) -> None:
    script = work / "grub.guestfish"
    script.write_text(GRUB_INSTALL)
    progress.run(
        "Install GRUB",
        ["guestfish", "--format=raw", "-a", str(image), "-f", str(script)],
        work / "guestfish.log",
        settings={"LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"},
    )
