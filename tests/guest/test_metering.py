# SPDX-License-Identifier: Apache-2.0
"""What is read is counted, and read once."""

from __future__ import annotations

import pytest
from tests.formats.recipes import MemorySource, fill, stream_vmdk

from vmferry.errors import FormatError, SourceError
from vmferry.formats.vmdk.reader import VmdkReader
from vmferry.guest.metering import Meter
from vmferry.guest.window import PAGE
from vmferry.model.bytes import ByteSource


def test_every_source_counts_once() -> None:
    meter = Meter()
    data = bytes(range(250)) * 1000
    first = MemorySource(data)
    one, other = meter.measured(first), meter.measured(MemorySource(bytes(10)))
    assert isinstance(one, ByteSource)
    assert (one.name, one.size) == (first.name, len(data))
    for at in (5, 0, PAGE - 2):
        assert one.read_at(at, 3) == data[at : at + 3]
    other.read_at(5, 5)
    assert first.reads == [(0, PAGE), (PAGE, 2 * PAGE)]
    assert (meter.bytes_read, meter.bytes_total) == (3 * PAGE + 10, len(data) + 10)


def test_a_disk_counts_too() -> None:
    meter = Meter()
    vmdk = VmdkReader(MemorySource(stream_vmdk({1: fill(1)}, 256)))
    disk = meter.measured_disk(vmdk)
    assert list(disk.extents()) == list(vmdk.extents())
    assert disk.read_at(PAGE, 5) == disk.read_at(PAGE, PAGE)[:5]
    assert (meter.bytes_read, meter.bytes_total) == (PAGE, 2 * PAGE)
    with pytest.raises(FormatError, match="inside 131072 bytes"):
        disk.read_at(2 * PAGE, 1)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1), (8, 3), (11, 0)])
def test_what_is_not_there_is_refused_by_the_source(offset: int, length: int) -> None:
    with pytest.raises(SourceError):
        Meter().measured(MemorySource(bytes(10))).read_at(offset, length)


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    source = Meter(20).measured(MemorySource(bytes(3 * PAGE)))
    now[0] = 119.9
    source.read_at(PAGE, 1)
    now[0] = 120.1
    with pytest.raises(SourceError) as caught:
        source.read_at(PAGE, 1)
    assert caught.value.status_message == (
        "ClientError (check: found no end in 20 s. A compressed disk must be inflated whole to be "
        "looked at. Start the import: it looks before it copies, for as long as that takes)"
    )
