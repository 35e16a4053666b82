# SPDX-License-Identifier: Apache-2.0
"""A release's tree: Debian by mmdebstrap, in an ext4 image that the guests' disks are filled from.

No loop device, mount or KVM is needed: ``mke2fs -d`` writes the image in seconds, where sending
the same files into an emulated appliance took minutes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.make_guest.progress import StepError
from tools.make_guest.recipe import FILES

if TYPE_CHECKING:
    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

SIZE: Final = "2g"
"""Of the image; a root is never smaller."""


def tree_plan(recipe: Recipe) -> list[object]:
    """Return all that decides what is in the tree, for its digest."""
    return [_mmdebstrap(recipe, Path("files"), Path("root")), FILES, SIZE]


def make_tree(recipe: Recipe, work: Path, progress: Progress) -> Path:
    """Make the image in ``work`` and return its path.

    Raises:
        StepError: A program is missing or failed.
    """
    root, overlay, image = (work / name for name in ("root", "files", "tree.img"))
    for path, text in FILES.items():
        (overlay / path).parent.mkdir(parents=True, exist_ok=True)
        (overlay / path).write_text(text)
    step = f"Install Debian {recipe.release} ({recipe.kernel})"
    mke2fs = [*_as_root(), "mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(image), SIZE]
    try:
        command = [*_as_root(), *_mmdebstrap(recipe, overlay, root)]
        progress.run(step, command, work / "mmdebstrap.log")
        image.touch()  # ours, whoever mke2fs runs as
        progress.run("Write the tree's image", mke2fs, work / "mke2fs.log")
    finally:
        remove(root, work, progress)
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


def _mmdebstrap(recipe: Recipe, overlay: Path, root: Path) -> list[str]:
    return [
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
    ]
