# SPDX-License-Identifier: Apache-2.0
"""Joins the runs that a format's tables tell one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.model.disk import Extent, ExtentKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def joined(runs: Iterable[tuple[int, int, ExtentKind]]) -> Iterator[Extent]:
    """Yield extents whose neighbours differ in kind; none of the runs is kept.

    Args:
        runs: First byte, the byte after the last, and kind, in order and without gaps.
    """
    start = end = 0
    kind: ExtentKind | None = None
    for first, last, this in runs:
        if this is not kind:
            if kind is not None:
                yield Extent(start, end - start, kind)
            start, kind = first, this
        end = last
    if kind is not None:
        yield Extent(start, end - start, kind)
