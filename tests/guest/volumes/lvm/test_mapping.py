# SPDX-License-Identifier: Apache-2.0
"""Where a volume's bytes are: against a volume put together stripe by stripe."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.guest.test_window import Memory

from vmferry.guest.volumes.lvm.mapping import Leg, Mapped, Run
from vmferry.guest.window import Window


@st.composite
def _volumes(draw: st.DrawFn) -> tuple[Mapped, bytes]:
    runs, whole = [], b""
    for _ in range(draw(st.integers(1, 4))):
        legs, stripe, turns = draw(
            st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 5))
        )
        disks = [draw(st.binary(min_size=60, max_size=60)) for _ in range(legs)]
        places = [draw(st.integers(0, 15)) for _ in range(legs)]
        data = b"".join(
            disk[place + turn * stripe : place + (turn + 1) * stripe]
            for turn in range(turns)
            for disk, place in zip(disks, places, strict=True)
        )
        windows = [Window(Memory(disk), 0, 60, "disk") for disk in disks]
        run = Run(len(whole), len(data), stripe, tuple(map(Leg, windows, places)))
        runs.append(run)
        whole += data
    return Mapped(runs), whole


@given(_volumes(), st.data())
def test_reads_what_the_stripes_are(volume: tuple[Mapped, bytes], data: st.DataObject) -> None:
    mapped, whole = volume
    assert mapped.size == len(whole)
    offset = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, len(whole) - offset))
    assert mapped.read_at(offset, length) == whole[offset : offset + length]
