# SPDX-License-Identifier: Apache-2.0
"""Every field of every format mutated one by one, and every file cut at every table.

The fuzzers try such changes by chance; here each is tried, with the checksums right again, on files
of each kind (``tests/fuzz/recipes.py``). What must hold is the fuzzers': a refusal or a disk, no
read outside the file, no second of processor time.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import pytest
from lxml import etree
from tests.fuzz.mutators import agree_vmdk, patched, plain, sum_gpt, sum_tar, sum_vhd, sum_vhdx
from tests.fuzz.parsers import PARSERS, run_within
from tests.fuzz.recipes import seeds
from tests.fuzz.scattered import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.mutators import Sums

FILES: Final = (
    ("vmdk", "stream", agree_vmdk),
    ("vmdk", "sparse", agree_vmdk),
    ("vmdk_stream", "stream-tables-in-header", plain),
    ("vhd", "dynamic", sum_vhd),
    ("vhd", "fixed", sum_vhd),
    ("vhdx", "dirty", sum_vhdx),
    ("qcow2", "mixed", plain),
    ("qcow2", "zstd", plain),
    ("ova", "manifest", sum_tar),
    ("ova", "pax", sum_tar),
    ("mbr", "logical", plain),
    ("gpt", "two", sum_gpt),
)
IDS: Final = [f"{parser}-{name}" for parser, name, _ in FILES]
_LOOKED_AT: Final = 160
"""Bytes of a piece: no structure has more fields, what follows is content."""

VALUES: Final = ("", "0", "-1", "9" * 20, "9" * 4000, "../../etc/passwd", "http://h/", "a" * 70_000)
WORDS: Final = ("\u0661", "/dev/sda", "byte * 2^99", "ovf:/disk/", "true", "gzip", "%00", "&#10;")


def _run(parser: str, data: bytes) -> bool:
    return run_within(PARSERS[parser], data, seconds=1, memory=200 << 20)


@pytest.mark.parametrize(("parser", "name", "sums"), FILES, ids=IDS)
def test_every_byte_mutated(parser: str, name: str, sums: Sums) -> None:
    size, pieces = split(seeds(parser)[name])
    tried = 0
    for number, (place, piece) in enumerate(pieces):
        for at, old in enumerate(piece[:_LOOKED_AT]):
            for new in {old ^ 1, old ^ 0x80, 0xFF} - {old}:
                changed = piece[:at] + bytes([new]) + piece[at + 1 :]
                mutated = [*pieces[:number], (place, changed), *pieces[number + 1 :]]
                _run(parser, patched(size, mutated, sums))
                tried += 1
    assert tried > 200


@pytest.mark.parametrize(("parser", "name", "sums"), FILES, ids=IDS)
def test_a_cut_at_every_structure(parser: str, name: str, sums: Sums) -> None:
    """Cut files are refused by their format, not by the source that has no more bytes."""
    size, pieces = split(seeds(parser)[name])
    edges = chain.from_iterable((place, place + len(piece)) for place, piece in pieces)
    for edge in {*edges, *range(0, min(size, 8192), 512)}:
        for cut in (edge - 1, edge, edge + 1):
            if 0 <= cut < size:
                _run(parser, patched(cut, pieces, sums))


def _changed_ovfs() -> Iterator[bytes]:
    whole = seeds("ovf")["full"]
    count = sum(1 for _ in etree.fromstring(whole).iter())
    for number in range(count):
        for value in (*VALUES, *WORDS):
            root = etree.fromstring(whole)
            element = list(root.iter())[number]
            element.text = value
            yield etree.tostring(root)
            for key in element.attrib:
                root = etree.fromstring(whole)
                list(root.iter())[number].set(key, value)
                yield etree.tostring(root)


def test_every_element_and_attribute_of_an_ovf_mutated() -> None:
    accepted = [_run("ovf", data) for data in _changed_ovfs()]
    assert {True, False} == set(accepted)


def test_an_ovf_without_each_of_its_elements_or_with_two() -> None:
    whole = seeds("ovf")["full"]
    for number in range(1, sum(1 for _ in etree.fromstring(whole).iter())):
        root = etree.fromstring(whole)
        element = list(root.iter())[number]
        parent = element.getparent()
        assert parent is not None
        parent.append(etree.fromstring(etree.tostring(element)))
        _run("ovf", etree.tostring(root))
        parent.remove(element)
        parent.remove(parent[-1])
        _run("ovf", etree.tostring(root))


@pytest.mark.parametrize("parser", ["ovf", "manifest", "gzip"])
def test_a_cut_at_every_byte(parser: str) -> None:
    for data in seeds(parser).values():
        for length in range(0, len(data), 1 + len(data) // 500):
            _run(parser, data[:length])
