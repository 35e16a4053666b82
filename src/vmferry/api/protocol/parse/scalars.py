# SPDX-License-Identifier: Apache-2.0
"""Texts of the wire as numbers, booleans, times and bytes.

Source: Smithy, HTTP and query protocol bindings: ``timestampFormat`` is ISO-8601 in bodies and
query strings, RFC 822 in headers, unless the model says otherwise.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botocore.model import Shape

Scalar = str | int | float | bool | bytes | datetime

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{0,400})?([eE][+-]?[0-9]{1,4})?")
_SPECIAL: Final = ("NaN", "Infinity", "-Infinity")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BITS: Final = {"integer": 31, "long": 63, "short": 15, "byte": 7}


def scalar(shape: Shape, text: str, *, time_format: str = "iso8601") -> Scalar:
    """Return ``text`` as the type that ``shape`` names.

    Args:
        shape: Not a structure, list or map.
        text: As it came, percent-decoded.
        time_format: What the place of the text implies when the model says nothing.

    Raises:
        ValueError: ``text`` is not of that type; the message says what was expected.
    """
    kind = shape.type_name
    if kind in _BITS:
        return _integer(text, _BITS[kind])
    if kind in ("float", "double"):
        return _number(text)
    if kind == "boolean":
        return _boolean(text)
    if kind == "blob":
        return _blob(text)
    if kind == "timestamp":
        return _time(text, str(shape.serialization.get("timestampFormat", time_format)))
    return text


def _integer(text: str, bits: int) -> int:
    if not _INTEGER.fullmatch(text) or not -(1 << bits) <= int(text) < 1 << bits:
        raise ValueError(f"an integer of {bits + 1} bits")
    return int(text)


def _number(text: str) -> float:
    if text not in _SPECIAL and not _NUMBER.fullmatch(text):
        raise ValueError("a number")
    return float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.lower() == "true"


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64") from None


def _time(text: str, form: str) -> datetime:
    try:
        if form == "unixTimestamp":
            return _EPOCH + timedelta(seconds=_number(text))
        when = parsedate_to_datetime(text) if form == "rfc822" else datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"a time ({form})") from None
