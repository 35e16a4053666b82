# SPDX-License-Identifier: Apache-2.0
"""The index of digests: found, kept by the first, forgotten by segment."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql

from vmferry.blocks import BlockIndex
from vmferry.blocks.location import PLAIN, ZSTD, Location

if TYPE_CHECKING:
    from tests.blocks.disks import BlockStore

ONE, OTHER = b"\1" * 16, b"\2" * 16


def _at(number: int, segment: bytes = ONE, coding: int = PLAIN) -> Location:
    return Location(hashlib.sha256(b"%d" % number).digest(), segment, number * 10, 10, coding)


def test_what_is_added_is_found(blocks: BlockStore) -> None:
    places = [_at(number, coding=number % 2) for number in range(1200)]
    blocks.index.add(places)
    digests = [place.digest for place in places]
    assert blocks.index.find(digests) == {place.digest: place for place in places}
    assert blocks.index.find([digests[7], bytes(32)]) == {digests[7]: places[7]}
    assert blocks.index.find([]) == {}
    blocks.index.add([])


def test_the_first_place_of_a_digest_stays(blocks: BlockStore) -> None:
    blocks.index.add([_at(1)])
    blocks.index.add([_at(1, OTHER, ZSTD), _at(2, OTHER)])
    assert blocks.index.find([_at(1).digest, _at(2).digest]) == {
        _at(1).digest: _at(1),
        _at(2).digest: _at(2, OTHER),
    }


def test_segments_are_forgotten(blocks: BlockStore) -> None:
    blocks.index.add([_at(1), _at(2), _at(3, OTHER)])
    blocks.index.forget([*(f"{number:032x}" for number in range(600)), ONE.hex()])
    assert blocks.index.find([_at(n).digest for n in (1, 2, 3)]) == {_at(3).digest: _at(3, OTHER)}
    blocks.index.add([_at(1, OTHER)])
    assert blocks.index.find([_at(1).digest]) == {_at(1).digest: _at(1, OTHER)}


def test_postgresql_keeps_the_first_place_too(blocks: BlockStore) -> None:
    class Postgres:
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

    statement = BlockIndex(Postgres())._insert()  # type: ignore[arg-type]
    assert str(statement.compile(dialect=Postgres.dialect)).endswith("ON CONFLICT DO NOTHING")
