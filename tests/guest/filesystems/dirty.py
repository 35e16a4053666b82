# SPDX-License-Identifier: Apache-2.0
"""ext4 and XFS as the Linux kernel leaves them: unmounted, and when the power goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.guest.filesystems.appliance import filled

from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from pathlib import Path

SIZES: Final = {
    "extclean": 32 * MIB,
    "extdirty": 32 * MIB,
    "xfsclean": 320 * MIB,
    "xfsdirty": 320 * MIB,
}

SCRIPT: Final = """
modprobe xfs
mkdir /e /x
mkfs.ext4 -q extclean
mkfs.xfs -q xfsclean
for pair in "ext /e" "xfs /x"; do
  set -- $pair
  mount ${1}clean $2
  for number in $(seq 300); do echo -n $number > $2/file-$number; done
  sync
  echo -n behind | dd of=$2/later bs=4096 conv=fsync status=none
  dd if=${1}clean of=${1}dirty bs=1M iflag=direct oflag=direct status=none
  umount $2
done
"""


def disks() -> Path:
    """Return the folder of the disks named in ``SIZES``."""
    return filled(SCRIPT, bytes(SECTOR), SIZES, "xfs")
