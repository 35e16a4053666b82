# SPDX-License-Identifier: Apache-2.0
"""A range is inside, or refused."""

from __future__ import annotations

import pytest
from tests.formats.recipes import MemorySource

from vmferry.errors import SourceError
from vmferry.model.bytes import check_inside

TEN = MemorySource(bytes(10), "ten")


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (0, 10), (9, 1), (10, 0)])
def test_ranges_inside(offset: int, length: int) -> None:
    check_inside(TEN, offset, length)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 11), (0, -1), (10, 1), (1 << 64, 0)])
def test_ranges_that_are_not(offset: int, length: int) -> None:
    text = f"^ten: {length} bytes at byte {offset} are wanted, it has 10 bytes$"
    with pytest.raises(SourceError, match=text):
        check_inside(TEN, offset, length)
