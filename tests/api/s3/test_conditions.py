# SPDX-License-Identifier: Apache-2.0
"""Conditional requests."""

from __future__ import annotations

import pytest

from vmferry.api.s3.attributes import Attributes
from vmferry.api.s3.conditions import COPY, NotModifiedError, check_read, check_write
from vmferry.errors import ApiError

FOUND = Attributes(etag="abc", size=1, mtime_ns=1_700_000_000_500_000_000)
THEN = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"if-match": '"abc"'},
        {"if-match": "*", "if-unmodified-since": BEFORE},
        {"if-none-match": '"x", W/"y"'},
        {"if-unmodified-since": THEN},
        {"if-modified-since": BEFORE},
        {"if-modified-since": "never"},
    ],
)
def test_what_holds_is_read(headers: dict[str, str]) -> None:
    check_read(FOUND, headers)


@pytest.mark.parametrize("headers", [{"if-match": '"x"'}, {"if-unmodified-since": BEFORE}])
def test_what_changed_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="pre-conditions you specified did not hold") as caught:
        check_read(FOUND, headers)
    assert caught.value.status == 412


@pytest.mark.parametrize("headers", [{"if-none-match": '"abc"'}, {"if-modified-since": THEN}])
def test_what_is_the_same_is_not_sent(headers: dict[str, str]) -> None:
    with pytest.raises(NotModifiedError):
        check_read(FOUND, headers)


def test_the_source_of_a_copy_is_never_304() -> None:
    with pytest.raises(ApiError) as caught:
        check_read(FOUND, {f"{COPY}if-none-match": "abc"}, prefix=COPY)
    assert caught.value.status == 412


def test_writes() -> None:
    check_write(None, {"if-none-match": "*"})
    check_write(FOUND, {"if-match": "abc"})
    for found, headers, code in (
        (FOUND, {"if-none-match": "*"}, "PreconditionFailed"),
        (FOUND, {"if-match": "x"}, "PreconditionFailed"),
        (None, {"if-match": "x"}, "NoSuchKey"),
    ):
        with pytest.raises(ApiError) as caught:
            check_write(found, headers)
        assert caught.value.code == code
