# SPDX-License-Identifier: Apache-2.0
"""What libguestfs says of a disk, as JSON: ``/usr/bin/python3 answer.py DISK``.

A program of its own, because python3-guestfs belongs to the distribution's Python.

Source: guestfs(3), "INSPECTION".
"""

from __future__ import annotations

import json
import sys

import guestfs  # type: ignore[import-not-found]


def answer(disk: str) -> dict[str, object]:
    """Inspect ``disk``, which has one system, and mount it as its fstab says."""
    handle = guestfs.GuestFS(python_return_dict=True)
    handle.add_drive_opts(disk, format="raw", readonly=True)
    handle.set_smp(2)
    handle.launch()
    (root,) = handle.inspect_os()
    mounts = handle.inspect_get_mountpoints(root)
    for path in sorted(mounts, key=len):
        handle.mount_ro(mounts[path], path)
    space = handle.statvfs("/")
    return {
        "type": handle.inspect_get_type(root),
        "distro": handle.inspect_get_distro(root),
        "major": handle.inspect_get_major_version(root),
        "product": handle.inspect_get_product_name(root),
        "arch": handle.inspect_get_arch(root),
        "root": _device(handle, root),
        "subvolume": handle.mountable_subvolume(root) if root.startswith("btrfsvol:") else "",
        "mounts": {path: _device(handle, mounts[path]) for path in mounts},
        "table": handle.part_get_parttype("/dev/sda"),
        "partitions": [_partition(handle, part) for part in handle.part_list("/dev/sda")],
        "volumes": {volume: _filesystem(handle, volume) for volume in handle.lvs()},
        "kernels": handle.glob_expand("/boot/vmlinuz-*"),
        "initramfs": handle.glob_expand("/boot/initrd.img-*"),
        "modules": handle.ls("/lib/modules"),
        "os_release": handle.read_file("/etc/os-release").decode(),
        "fstab": handle.read_file("/etc/fstab").decode(),
        "free": space["bsize"] * space["bfree"],
    }


def _device(handle: guestfs.GuestFS, mountable: str) -> str:
    """Name a partition by its number: the kernel finds disks in any order (seen: /dev/sdb1)."""
    device: str = handle.mountable_device(mountable)
    return device if handle.is_lv(device) else f"/dev/sda{handle.part_to_partnum(device)}"


def _partition(handle: guestfs.GuestFS, part: dict[str, int]) -> dict[str, object]:
    number, is_gpt = part["part_num"], handle.part_get_parttype("/dev/sda") == "gpt"
    kind = handle.part_get_gpt_type("/dev/sda", number) if is_gpt else ""
    return {
        "number": number,
        "offset": part["part_start"],
        "size": part["part_size"],
        "kind": kind or f"0x{handle.part_get_mbr_id('/dev/sda', number):02x}",
        "partuuid": handle.part_get_gpt_guid("/dev/sda", number) if is_gpt else "",
        **_filesystem(handle, f"/dev/sda{number}"),
    }


def _filesystem(handle: guestfs.GuestFS, device: str) -> dict[str, object]:
    return {
        "filesystem": handle.vfs_type(device),
        "uuid": handle.vfs_uuid(device),
        "label": handle.vfs_label(device),
    }


if __name__ == "__main__":
    json.dump(answer(sys.argv[1]), sys.stdout, indent=1)
