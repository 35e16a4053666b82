# SPDX-License-Identifier: Apache-2.0
"""Quantities of an OVF: a number and a programmatic unit such as ``byte * 2^30``.

Source: DSP0004 (CIM Infrastructure) 2.6, Annex C, "Programmatic Units"; DSP0243 9.1, which makes
``byte`` the default of a capacity; the plain words are those of OVF 0.9 and VirtualBox.
"""

from __future__ import annotations

import re
from typing import Final

from vmferry.appliances.refusal import bad_ovf
from vmferry.units import GIB, KIB, MIB, TIB

_UNIT: Final = re.compile(r"bytes?(?:\*(2|10)\^(\d{1,2}))?")
_WORDS: Final = {
    word: factor
    for factor, words in (
        (KIB, ("kilobytes", "kilobyte", "kb", "kib")),
        (MIB, ("megabytes", "megabyte", "mb", "mib")),
        (GIB, ("gigabytes", "gigabyte", "gb", "gib")),
        (TIB, ("terabytes", "terabyte", "tb", "tib")),
    )
    for word in words
}
"""By 1024 in every product that writes them."""

_MOST: Final = 1 << 63


def quantity(number: str, unit: str, what: str, default: int = 1) -> int:
    """Return ``number`` of ``unit`` in bytes.

    Args:
        number: Digits.
        unit: The unit as the OVF says it, ``""`` for the default.
        what: The element, for messages.
        default: Bytes of one unit if none is named.

    Raises:
        FormatError: The number or the unit is not understood.
    """
    if not (number.isascii() and number.isdigit()) or len(number) > 20:
        raise bad_ovf(what, found=repr(number[:40]), expected="a whole number")
    total = int(number) * _factor(unit, what, default)
    if total >= _MOST:
        raise bad_ovf(what, found=f"{number} {unit[:40]}", expected="less than 8 EiB")
    return total


def _factor(unit: str, what: str, default: int) -> int:
    plain = "".join(unit.lower().split())
    if not plain:
        return default
    if plain in _WORDS:
        return _WORDS[plain]
    match = _UNIT.fullmatch(plain)
    if match is None:
        raise bad_ovf(f"unit of {what}", found=repr(unit[:40]), expected="byte * 2^N")
    return int(match[1]) ** int(match[2]) if match[1] else 1
