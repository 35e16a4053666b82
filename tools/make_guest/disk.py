# SPDX-License-Identifier: Apache-2.0
"""The guest's disk: partitions by sfdisk, filled from a tree, and made to boot by Debian's GRUB.

What needs to see a disk runs in libguestfs's appliance (``force_tcg``: /dev/kvm may exist and not
work). An ext4 root on a partition is the tree's image itself, copied in a second; others are made
by their own mkfs and filled by ``cp -a`` in the appliance, which takes half a minute.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.make_guest.layout import MIB, SUBVOLUME, Layout
from tools.make_guest.progress import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

TREE_DEVICE: Final = "/dev/sdb"
LABEL: Final = "guest"
"""By which a shell in the appliance finds the guest's disk."""


def disk_plan(recipe: Recipe) -> list[object]:
    """Return all that decides what is on the disk beside its tree, for its digest."""
    return [recipe.size, Layout(recipe=recipe).sfdisk, list(_script(recipe))]


def make_disk(recipe: Recipe, tree: Path, work: Path, progress: Progress) -> Path:
    """Make the guest's raw disk in ``work``, filled from ``tree``, and return its path.

    Raises:
        StepError: A program is missing or failed.
    """
    image, layout = work / "disk.raw", Layout(recipe=recipe)
    with image.open("xb") as file:
        file.truncate(recipe.size)
    table = work / "table.sfdisk"
    table.write_text(layout.sfdisk)
    command = ["sfdisk", "--quiet", str(image)]
    progress.run("Write the partition table", command, work / "sfdisk.log", stdin=table)
    if _is_image(recipe):
        command = ["dd", f"if={tree}", f"of={image}", f"seek={layout.root_offset // MIB}", "bs=1M"]
        progress.run("Copy the root", [*command, "conv=sparse,notrunc"], work / "dd.log")
    script = work / "guestfish.script"
    drives = (
        f'add "{image}" format:raw label:{LABEL}',
        f'add "{tree}" format:raw readonly:true',
    )
    script.write_text("".join(f"{line}\n" for line in (*drives, *_script(recipe))))
    step = "Install GRUB" if _is_image(recipe) else f"Fill the {recipe.root} root, install GRUB"
    settings = appliance_settings(recipe, work)
    command = ["guestfish", "-f", str(script)]
    progress.run(step, command, work / "guestfish.log", settings=settings)
    return image


def appliance_settings(recipe: Recipe, work: Path) -> dict[str, str]:
    """Return the environment in which libguestfs can mount the guest.

    The cloud kernel, which libguestfs takes by itself, has no JFS; an appliance of another kernel
    is built in ``work``.

    Raises:
        StepError: No installed kernel has JFS.
    """
    settings = {"LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}
    if recipe.root != "jfs":
        return settings
    for modules in sorted(Path("/lib/modules").glob("*")):
        kernel = Path("/boot", f"vmlinuz-{modules.name}")
        if kernel.exists() and any(modules.glob("kernel/fs/jfs/jfs.ko*")):
            return settings | {
                "LIBGUESTFS_CACHEDIR": str(work),
                "SUPERMIN_KERNEL": str(kernel),
                "SUPERMIN_KERNEL_VERSION": modules.name,
                "SUPERMIN_MODULES": str(modules),
            }
    raise StepError("guestfish: no kernel in /boot has jfs.ko; install linux-image-amd64")


def _is_image(recipe: Recipe) -> bool:
    """Whether the tree's image is what the root's partition has."""
    return recipe.root == "ext4" and not recipe.lvm


def _script(recipe: Recipe) -> Iterator[str]:
    """Yield what guestfish does; its quoted strings have C's escapes."""
    layout = Layout(recipe=recipe)
    root = layout.root_device
    yield from ("set-smp 2", "run")
    if recipe.lvm:
        _, _, group, volume = root.split("/")
        yield f"pvcreate {layout.root_partition}"
        yield f"vgcreate {group} {layout.root_partition}"
        yield f"lvcreate-free {volume} {group} 100"
    if _is_image(recipe):
        yield from (f"resize2fs {root}", f"set-uuid-random {root}", f"mount {root} /")
    else:
        yield from _filled(recipe, root)
    escaped = layout.fstab.replace("\n", "\\n")
    yield f'write /etc/fstab "{escaped}"'
    if layout.esp:
        yield f"mkfs vfat {layout.esp}"
        yield from ("mkdir-p /boot/efi", f"mount {layout.esp} /boot/efi")
        options = "--no-nvram --force-extra-removable"
        yield f'sh "grub-install --target=x86_64-efi {options}"'
    else:
        # A shell sees the kernel's names, and seen on a busy machine: the disk was not /dev/sda.
        disk = f"$(readlink -f /dev/disk/guestfs/{LABEL})"
        yield f'sh "grub-install --target=i386-pc {disk}"'
    yield from ('sh "update-grub"', "umount-all")


def _filled(recipe: Recipe, root: str) -> Iterator[str]:
    """Make the root's file system, mount it, and copy the tree to it."""
    yield from (f"mkfs {recipe.root} {root}", f"mount {root} /")
    if recipe.root == "btrfs":
        yield from (f"btrfs-subvolume-create /{SUBVOLUME}", "umount /")
        yield f"mount-options subvol={SUBVOLUME} {root} /"
    yield from ("mkdir /tree", f"mount-ro {TREE_DEVICE} /tree")
    yield "glob cp-a /tree/* /"
    yield from ("umount /tree", "rmdir /tree")
