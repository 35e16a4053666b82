# SPDX-License-Identifier: Apache-2.0
"""Where the scripts of RHEL 5 load what is added."""

from __future__ import annotations

import pytest

from vmferry.errors import GuestError
from vmferry.guest.fixups import _nash

ADDED = b"""\
echo "Loading virtio.ko module"
insmod /lib/virtio.ko
echo "Loading virtio_blk.ko module"
insmod /lib/virtio_blk.ko
stabilized --hash --interval 250 /proc/scsi/scsi
mkblkdevs
"""
HEAD = b"#!/bin/nash\nmount -t proc /proc /proc\n"
ROOT = b"echo Creating root device.\nmkrootdev -t ext3 /dev/root\n"


@pytest.mark.parametrize(
    "loads",
    [
        b"mkblkdevs\n",  # no controller but IDE's, which is part of the kernel
        b"mkblkdevs\necho load\ninsmod /lib/scsi_mod.ko\nstabilized /proc/scsi/scsi\nmkblkdevs\n",
        b"mkblkdevs\ninsmod /lib/dm-mod.ko \n",
    ],
)
def test_before_the_root(loads: bytes) -> None:
    init = _nash.loading(HEAD + loads + ROOT, ["virtio.ko", "virtio_blk.ko"])
    assert init == HEAD + loads + ADDED + ROOT


def test_a_script_without_devices() -> None:
    with pytest.raises(GuestError, match="a script of nash without mkblkdevs"):
        _nash.loading(HEAD + ROOT, ["virtio.ko"])


@pytest.mark.parametrize(
    ("init", "is_one"),
    [(HEAD, True), (b"#! /bin/nash\n", True), (b"#!/bin/sh\n", False), (b"\x7fELF", False)],
)
def test_scripts(init: bytes, is_one: bool) -> None:
    assert _nash.is_script(init) == is_one
