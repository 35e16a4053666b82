# SPDX-License-Identifier: Apache-2.0
"""Places of bodies: one behind the other, or where their slices stand."""

from __future__ import annotations

from vmferry.formats import Encoded, Part, arrange
from vmferry.formats.raw import RawWriter
from vmferry.formats.vmdk.writer import VmdkWriter
from vmferry.units import MIB

SLICES = [(0, 32 * MIB), (32 * MIB, 64 * MIB)]


def test_bodies_stand_one_behind_the_other() -> None:
    writer = VmdkWriter(96 * MIB)
    found = list(arrange(writer, SLICES, [Encoded(5, b"a"), Encoded(7, b"b")]))
    assert found == [
        Part(0, 32 * MIB, 65536, 5, b"a"),
        Part(32 * MIB, 64 * MIB, 65541, 7, b"b"),
    ]


def test_bodies_stand_where_their_slices_do() -> None:
    encoded = [Encoded(length) for _, length in SLICES]
    found = list(arrange(RawWriter(96 * MIB), SLICES, encoded))
    assert [(part.place, part.size) for part in found] == SLICES
