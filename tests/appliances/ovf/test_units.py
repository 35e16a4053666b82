# SPDX-License-Identifier: Apache-2.0
"""Units as products write them."""

from __future__ import annotations

import pytest

from vmferry.appliances.ovf.units import quantity
from vmferry.errors import FormatError


@pytest.mark.parametrize(
    ("number", "unit", "value"),
    [
        ("7", "", 7),
        ("7", "byte", 7),
        ("2", "byte * 2^30", 2 << 30),
        ("2", "byte * 2 ^ 20", 2 << 20),
        ("2", "bytes*2^10", 2 << 10),
        ("3", "byte * 10^9", 3_000_000_000),
        ("512", "MegaBytes", 512 << 20),
        ("1", "GigaBytes", 1 << 30),
        ("0", "TB", 0),
        ("3", "TeraByte", 3 << 40),
        ("5", "kB", 5 << 10),
        ("6", "MiB", 6 << 20),
        ("6", " gib ", 6 << 30),
        ("2", "byte * 2^40", 2 << 40),
        ("2", "BYTE*2^30", 2 << 30),
    ],
)
def test_quantities(number: str, unit: str, value: int) -> None:
    assert quantity(number, unit, "memory") == value


@pytest.mark.parametrize(
    ("number", "unit", "message"),
    [
        ("", "", "ovf: memory: found '', expected a whole number"),
        ("-1", "", "ovf: memory: found '-1', expected a whole number"),
        ("1.5", "", "ovf: memory: found '1.5', expected a whole number"),
        ("${size}", "", "ovf: memory: found '${size}', expected a whole number"),
        ("٣", "", "expected a whole number"),
        ("9" * 5000, "", "expected a whole number"),
        ("1", "furlong", "ovf: unit of memory: found 'furlong', expected byte * 2^N"),
        ("1", "byte * 2^999", "ovf: unit of memory: found 'byte * 2^999'"),
        ("1", "byte * 2^63", "ovf: memory: found 1 byte * 2^63, expected less than 8 EiB"),
    ],
)
def test_what_is_no_quantity(number: str, unit: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        quantity(number, unit, "memory")
    assert message in caught.value.message


def test_the_default_unit() -> None:
    assert quantity("4", "", "memory", 1 << 20) == 4 << 20
