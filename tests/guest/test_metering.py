# SPDX-License-Identifier: Apache-2.0
"""What is read is counted."""

from __future__ import annotations

from vmferry.guest.metering import Meter
from vmferry.model.bytes import ByteSource


class _Source:
    name = "it"
    size = 10

    def read_at(self, _offset: int, length: int) -> bytes:
        return bytes(length)


def test_every_read_of_every_source_counts() -> None:
    meter = Meter()
    one, other = meter.measured(_Source()), meter.measured(_Source())
    assert isinstance(one, ByteSource)
    assert (one.name, one.size, one.read_at(0, 3)) == ("it", 10, bytes(3))
    one.read_at(0, 3)
    other.read_at(5, 5)
    assert (meter.bytes_read, meter.bytes_total) == (11, 20)
