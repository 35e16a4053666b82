# SPDX-License-Identifier: Apache-2.0
"""Magics of formats without a module, and the ends of a source that probes look at."""

from __future__ import annotations

import lzma

import pytest
from tests.formats.recipes import MemorySource, samples

from vmferry.formats import detect
from vmferry.formats._magics import MAGICS, Ends


def test_every_magic_is_found_at_its_place() -> None:
    for magic in MAGICS:
        data = bytearray(1024)
        at = magic.at % len(data)
        data[at : at + len(magic.value)] = magic.value
        assert magic.matches(MemorySource(data))
        assert detect(MemorySource(data)) == magic.name
        assert not magic.matches(MemorySource(data[:at]))
        assert not magic.matches(MemorySource(b""))


def test_the_ends_are_read_once() -> None:
    source = MemorySource(bytes(range(256)) * 1024)
    ends = Ends(source)
    assert (ends.size, ends.name, len(source.reads)) == (262144, "disk.vmdk", 2)
    for offset, length in ((0, 65536), (5, 9), (262144 - 512, 512), (196608, 10)):
        assert ends.read_at(offset, length) == source.data[offset : offset + length]
    assert len(source.reads) == 2
    assert ends.read_at(65000, 1000) == source.data[65000:66000]
    assert len(source.reads) == 3


@pytest.mark.oracle
def test_samples_are_known_by_their_magic() -> None:
    folder = samples() / "disks"
    if not folder.exists():
        pytest.skip(f"no {folder}")
    for path in sorted(folder.glob("*.xz")):
        name = path.name.removesuffix(".xz")
        source = MemorySource(lzma.decompress(path.read_bytes()), name)
        assert detect(source) == name.rpartition(".")[2], name
