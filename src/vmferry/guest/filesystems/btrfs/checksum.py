# SPDX-License-Identifier: Apache-2.0
"""The checksums of Btrfs: one kind per file system, over all of a block but its first 32 bytes.

CRC-32C is google_crc32c's, as for VHDX: awscrt would cost every look at a guest 80 ms.

    Dec  Hex  Kind
      0  0x00 CRC-32C, 4 bytes used
      1  0x01 xxHash64, 8 bytes used; no library of ours has it, so it is not verified
      2  0x02 SHA-256
      3  0x03 BLAKE2b with 256 bits

The hash of names in directories is CRC-32C too, started at ``~1`` and not inverted at its end.

Source: https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html ("Superblock", "DIR_ITEM");
https://btrfs.readthedocs.io/en/latest/Checksumming.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import google_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable

FIELD: Final = 32


def _crc32c(data: bytes) -> bytes:
    value: int = google_crc32c.value(data)
    return value.to_bytes(4, "little")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _blake2b(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=FIELD).digest()


KINDS: Final[tuple[Callable[[bytes], bytes] | None, ...]] = (_crc32c, None, _sha256, _blake2b)
"""By number; ``None`` cannot be verified."""


def is_intact(block: bytes, kind: int) -> bool:
    """Say whether the checksum in front of ``block`` is right, or cannot be verified."""
    compute = KINDS[kind]
    return compute is None or block.startswith(compute(block[FIELD:]))


def name_hash(name: bytes) -> int:
    """Return the key under which a directory has ``name``."""
    value: int = google_crc32c.extend(1, name)
    return value ^ 0xFFFFFFFF
