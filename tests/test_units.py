# SPDX-License-Identifier: Apache-2.0
"""Units: rounding to them, and sizes for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.units import BLOCK, GIB, KIB, MIB, SECTOR, TIB, human, round_up


@given(value=st.integers(0, 1 << 60), unit=st.integers(1, 1 << 40))
def test_round_up_is_the_smallest_multiple_not_below(value: int, unit: int) -> None:
    rounded = round_up(value, unit)
    assert rounded % unit == 0
    assert value <= rounded < value + unit


def test_the_units_are_powers_of_1024() -> None:
    assert (KIB, MIB, GIB, TIB) == (1024, 1024**2, 1024**3, 1024**4)
    assert BLOCK == 524288
    assert BLOCK % SECTOR == 0


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (700, "700 bytes"),
        (KIB, "1 KiB"),
        (1536 * KIB, "1.5 MiB"),
        (10 * GIB, "10 GiB"),
        (100 * GIB, "100 GiB"),
        (16 * TIB, "16 TiB"),
    ],
)
def test_a_size_for_people(size: int, text: str) -> None:
    assert human(size) == text
