# SPDX-License-Identifier: Apache-2.0
"""Values as texts of the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.model import Shape

from vmferry.api.protocol.serialise.scalars import text, time

WHEN = datetime(2018, 2, 7, 18, 27, 39, 5000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("integer", -5, "-5"),
        ("double", 705638400.0, "705638400.0"),
        ("double", float("nan"), "NaN"),
        ("double", float("-inf"), "-Infinity"),
        ("blob", b"value", "dmFsdWU="),
        ("blob", "value", "dmFsdWU="),
        ("string", "2019-02-05T03:35:36Z", "2019-02-05T03:35:36Z"),
        ("timestamp", WHEN, "2018-02-07T18:27:39.005Z"),
    ],
)
def test_texts(kind: str, value: object, expected: str) -> None:
    assert text(Shape("X", {"type": kind}), value) == expected


def test_a_naive_time_counts_as_utc() -> None:
    assert time(WHEN.replace(tzinfo=None, microsecond=0)) == "2018-02-07T18:27:39.000Z"


def test_another_zone_is_turned_into_utc() -> None:
    east = WHEN.astimezone(timezone(timedelta(hours=8)))
    assert time(east) == "2018-02-07T18:27:39.005Z"
    assert time(east, "rfc822") == "Wed, 07 Feb 2018 18:27:39 GMT"
    assert time(east, "unixTimestamp") == "1518028059"
