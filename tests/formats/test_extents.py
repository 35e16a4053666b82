# SPDX-License-Identifier: Apache-2.0
"""Runs become extents that differ from their neighbours."""

from __future__ import annotations

from itertools import accumulate, groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from vmferry.formats._extents import joined
from vmferry.model.disk import Extent, ExtentKind

KINDS = st.sampled_from(ExtentKind)


@given(st.lists(st.tuples(st.integers(1, 9), KINDS)))
def test_neighbours_differ_and_nothing_is_lost(steps: list[tuple[int, ExtentKind]]) -> None:
    edges = [0, *accumulate(length for length, _ in steps)]
    runs = [(*edge, kind) for edge, (_, kind) in zip(pairwise(edges), steps, strict=True)]
    found = list(joined(runs))
    grouped = groupby(steps, key=lambda step: step[1])
    expected = [(sum(length for length, _ in group), kind) for kind, group in grouped]
    assert [(extent.length, extent.kind) for extent in found] == expected
    assert [extent.offset for extent in found[1:]] == [extent.end for extent in found[:-1]]


def test_no_runs_are_no_extents() -> None:
    assert list(joined([])) == []
    assert list(joined([(5, 7, ExtentKind.ZERO)])) == [Extent(5, 2, ExtentKind.ZERO)]
