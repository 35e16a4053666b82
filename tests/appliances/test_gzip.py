# SPDX-License-Identifier: Apache-2.0
"""Gzip files at random: the same bytes as gzip(1) gives, little memory, and no bombs."""

from __future__ import annotations

import gzip as stdlib
import random
import re
import subprocess
import sys
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.appliances.recipes import MemorySource

from vmferry.appliances import gzip
from vmferry.appliances.gzip import GzipSource
from vmferry.errors import FormatError, SourceError
from vmferry.model.bytes import ByteSource
from vmferry.units import KIB, MIB

CONTENT = random.Random(5).randbytes(40 * KIB) * 60 + bytes(3 * MIB) + b"end"
FILE = stdlib.compress(CONTENT, 1)


def source(data: bytes, limit: int | None = None) -> GzipSource:
    return GzipSource(MemorySource(data, "disk1.vmdk.gz"), limit)


def refusal(data: bytes, limit: int | None = None) -> str:
    with pytest.raises(FormatError) as caught:
        source(data, limit)
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"
    return caught.value.message


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many states in a file of a few MiB."""
    monkeypatch.setattr(gzip, "_FIRST_SPACING", 64 * KIB)
    monkeypatch.setattr(gzip, "_INPUT", KIB)
    monkeypatch.setattr(gzip, "_FETCH", 7 * KIB)
    monkeypatch.setattr(gzip, "_MOST_POINTS", 16)


@pytest.mark.usefixtures("small")
def test_any_range_in_any_order() -> None:
    opened = source(FILE)
    assert isinstance(opened, ByteSource)
    assert (opened.name, opened.size) == ("disk1.vmdk.gz", len(CONTENT))
    assert 8 < len(opened._points) <= 16
    chance = random.Random(1)
    for _ in range(200):
        offset = chance.randrange(len(CONTENT) + 1)
        length = chance.randrange(min(200 * KIB, len(CONTENT) - offset) + 1)
        assert opened.read_at(offset, length) == CONTENT[offset : offset + length]
    assert len(opened._live) == 4


@settings(max_examples=60)
@given(
    parts=st.lists(st.binary(max_size=3000), min_size=1, max_size=4),
    level=st.integers(0, 9),
    padding=st.integers(0, 40),
)
def test_several_members_and_padding(parts: list[bytes], level: int, padding: int) -> None:
    data = b"".join(stdlib.compress(part, level) for part in parts) + bytes(padding)
    opened, content = source(data), b"".join(parts)
    assert opened.size == len(content)
    middle = len(content) // 2
    assert opened.read_at(middle, len(content) - middle) == content[middle:]
    assert opened.read_at(0, len(content)) == content


@pytest.mark.oracle
def test_a_file_of_gzip(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("gzip") / "disk1.raw"
    path.write_bytes(CONTENT)
    subprocess.run(["gzip", "-9", "-k", str(path)], check=True)  # with a name in its header
    opened = source(path.with_suffix(".raw.gz").read_bytes())
    assert opened.read_at(0, opened.size) == CONTENT


def test_reading_forwards_inflates_once() -> None:
    file = MemorySource(FILE)
    opened = GzipSource(file)
    file.reads.clear()
    for offset in range(0, opened.size, 64 * KIB):
        opened.read_at(offset, min(64 * KIB, opened.size - offset))
    assert sum(length for _, length in file.reads) == len(FILE)


@pytest.mark.usefixtures("small")
def test_threads_read_what_they_asked_for() -> None:
    opened = source(FILE)
    places = [at * 37_021 % (len(CONTENT) - 5000) for at in range(300)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda at: opened.read_at(at, 5000), places))
    assert found == [CONTENT[at : at + 5000] for at in places]


def test_memory_does_not_follow_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip, "_MOST_POINTS", 8)
    data = zlib.compress(bytes(400 * MIB), 1, zlib.MAX_WBITS | 16)
    tracemalloc.start()
    opened = source(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert opened.size == 400 * MIB
    assert len(opened._points) <= 8
    assert peak < 4 * MIB


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FILE[:-1], r"found its end"),
        (FILE[:1000], r"found its end"),
        (b"", r"at byte 0: found its end"),
        (b"PK\3\4" * 100, r"at byte 0: found Error -3 .*: incorrect header check"),
        (FILE[:-5] + b"\0" + FILE[-4:], r"incorrect data check"),
        (FILE[:-1] + b"\7", r"incorrect length check"),
        (FILE + b"more", r"incorrect header check"),
        (FILE[:2000] + bytes(100) + FILE[2100:], r"found Error -3"),
    ],
)
def test_damage_is_found_when_it_is_opened(data: bytes, message: str) -> None:
    found = refusal(data)
    assert found.startswith("ova: gzip data of disk1.vmdk.gz at byte ")
    assert re.search(message, found)


def test_more_content_than_the_disk_may_need() -> None:
    limit = len(CONTENT)
    assert source(FILE, limit).size == limit
    found = refusal(FILE, MIB)
    assert "found more than 1" in found
    assert found.endswith("MiB of content, expected at most 1 MiB for the disk")


def test_a_bomb_is_not_inflated_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip, "_UNSUSPICIOUS", MIB)
    bomb = zlib.compress(bytes(200 * MIB), 9, zlib.MAX_WBITS | 16)
    file = MemorySource(bomb, "disk1.vmdk.gz")
    with pytest.raises(FormatError) as caught:
        GzipSource(file)
    assert "of content, expected at most 500 times the 16 KiB that were inflated" in str(
        caught.value
    )
    assert caught.value.hint == "Export the machine without compressing its files"


def test_many_members_of_nothing_take_a_moment() -> None:
    assert source(stdlib.compress(b"") * 50_000).size == 0


def test_a_file_that_changes_is_found() -> None:
    file = MemorySource(FILE)
    opened = GzipSource(file)
    file.data = bytes(len(FILE))
    with pytest.raises(FormatError, match=r"gzip data of vm\.ova"):
        opened.read_at(0, 10)
    file.data = stdlib.compress(b"short").ljust(len(FILE), b"\0")
    with pytest.raises(FormatError, match="found its end, expected more"):
        opened.read_at(0, 10)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1), (len(CONTENT), 1)])
def test_nothing_beside_the_content_is_read(offset: int, length: int) -> None:
    with pytest.raises(SourceError, match=r"disk1\.vmdk\.gz: .* are wanted, it has"):
        source(FILE).read_at(offset, length)


def test_any_damage_is_read_or_refused() -> None:
    chance = random.Random(3)
    small = stdlib.compress(random.Random(2).randbytes(500) * 40)
    for _ in range(300):
        data = bytearray(small)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            opened = source(bytes(data[: chance.choice((len(data), 300))]))
        except FormatError:
            continue
        assert opened.size < sys.maxsize
