# SPDX-License-Identifier: Apache-2.0
"""A disk as files of several formats, found by name."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import SparseDisk, write_file

from vmferry.formats import all_formats
from vmferry.model.disk import DiskLocation
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 100 * MIB + 512


@pytest.fixture(scope="session")
def disk() -> SparseDisk:
    """Noise, text and zeros over several slices, with a hole in the middle."""
    chance = random.Random(7)
    return SparseDisk(
        SIZE,
        {
            0: chance.randbytes(9 * MIB),
            25 * MIB + 700: b"text" * MIB * 2,
            60 * MIB: bytes(5 * MIB),
            80 * MIB - 9: chance.randbytes(12 * MIB),
            SIZE - 512: b"end!" * 128,
        },
    )


@pytest.fixture
def place(disk: SparseDisk, tmp_path: Path) -> Callable[..., DiskLocation]:
    """Return a function that writes the disk, or another one, and returns where it is."""

    def write(name: str, kind: str = "", other: SparseDisk | None = None) -> DiskLocation:
        chosen = other or disk
        path = tmp_path / f"source-{name}-{kind}"
        writers = all_formats()[name].writers
        write_file(writers[kind or next(iter(writers))](chosen.size), chosen, path)
        return DiskLocation(url=f"file://{path}", format=name, label=path.name)

    return write
