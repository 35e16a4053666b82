# SPDX-License-Identifier: Apache-2.0
"""Texts as numbers, booleans, times and bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.model import Shape

from vmferry.api.protocol.parse.scalars import scalar


def shape(kind: str, **traits: str) -> Shape:
    """Return a shape of one type."""
    return Shape("X", {"type": kind, **traits})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "-2147483648", -(2**31)),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "7.056384E8", 705638400.0),
        ("double", "-Infinity", float("-inf")),
        ("boolean", "TRUE", True),
        ("blob", "dmFsdWU=", b"value"),
        ("string", " a ", " a "),
        ("timestamp", "2020-01-01T02:00:00+02:00", datetime(2020, 1, 1, tzinfo=UTC)),
        ("timestamp", "2020-01-01T00:00:00", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_good_texts(kind: str, text: str, value: object) -> None:
    assert scalar(shape(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("integer", "2147483648", "an integer of 32 bits"),
        ("integer", "1.5", "an integer of 32 bits"),
        ("integer", "٣", "an integer of 32 bits"),
        ("long", "9" * 5000, "an integer of 64 bits"),
        ("double", "1e", "a number"),
        ("double", "nan", "a number"),
        ("boolean", "1", "true or false"),
        ("blob", "a", "base64"),
        ("blob", "ä", "base64"),
        ("timestamp", "0001-01-01T00:00:00+14:00", "a time"),
        ("timestamp", "x", "a time"),
    ],
)
def test_bad_texts(kind: str, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        scalar(shape(kind), text)


def test_forms_of_time() -> None:
    want = datetime(2014, 4, 29, 18, 30, 38, tzinfo=UTC)
    header = "Tue, 29 Apr 2014 18:30:38 GMT"
    assert scalar(shape("timestamp"), header, time_format="rfc822") == want
    epoch = shape("timestamp", timestampFormat="unixTimestamp")
    assert scalar(epoch, "1398796238") == want
    for text in ("1e300", "9" * 40, "NaN"):
        with pytest.raises(ValueError, match="a time"):
            scalar(epoch, text)
