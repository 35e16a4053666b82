# SPDX-License-Identifier: Apache-2.0
"""Sizes in bytes. Every quantity in the house is bytes unless its name ends in another unit."""

from __future__ import annotations

from typing import Final

KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30
TIB: Final = 1 << 40

SECTOR: Final = 512
"""One disk sector of every format we read; 4 KiB sectors are a property of single VHDX files."""

BLOCK: Final = 512 * KIB
"""One block of a snapshot: the block size of the EBS direct API."""


def round_up(value: int, unit: int) -> int:
    """Return the smallest multiple of ``unit`` that is not below ``value``."""
    return -(-value // unit) * unit


def human(size: int) -> str:
    """Return ``size`` bytes for a person: ``10 GiB``, ``1.5 MiB``, ``700 bytes``."""
    for unit, name in ((TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"
