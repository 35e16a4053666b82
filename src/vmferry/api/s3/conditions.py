# SPDX-License-Identifier: Apache-2.0
"""Conditional requests, which ``rclone serve s3`` (1.75.2) ignores.

Source: RFC 9110, section 13; https://docs.aws.amazon.com/AmazonS3/latest/userguide/
conditional-requests.html (writes, and ``x-amz-copy-source-if-…`` for the source of a copy).
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmferry.api.s3.attributes import Attributes

COPY: Final = "x-amz-copy-source-"


class NotModifiedError(ApiError):
    """The caller has this version already: 304, an answer without a body."""


def check_read(found: Attributes, headers: Mapping[str, str], *, prefix: str = "") -> None:
    """Refuse a read whose conditions do not hold.

    Args:
        found: The object as it is.
        headers: The request's.
        prefix: ``COPY`` for the source of a copy, where a 304 would make no sense.

    Raises:
        ApiError: ``PreconditionFailed`` (412).
        NotModifiedError: 304.
    """
    match = headers.get(f"{prefix}if-match")
    if match is not None:
        if not _matches(match, found):
            raise _failed(f"{prefix}If-Match")
    elif _before(headers.get(f"{prefix}if-unmodified-since"), found) is True:
        raise _failed(f"{prefix}If-Unmodified-Since")
    none = headers.get(f"{prefix}if-none-match")
    since = headers.get(f"{prefix}if-modified-since")
    unchanged = _matches(none, found) if none is not None else _before(since, found) is False
    if unchanged:
        raise _failed(f"{prefix}If-None-Match") if prefix else _same()


def check_write(found: Attributes | None, headers: Mapping[str, str]) -> None:
    """Refuse a write whose conditions do not hold.

    Raises:
        ApiError: ``PreconditionFailed`` (412), or ``NoSuchKey`` for If-Match without an object.
    """
    match = headers.get("if-match")
    if match is not None:
        if found is None:
            raise ApiError("NoSuchKey", "The specified key does not exist.", status=404)
        if not _matches(match, found):
            raise _failed("If-Match")
    if headers.get("if-none-match") is not None and found is not None:
        raise _failed("If-None-Match")


def _matches(text: str, found: Attributes) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in text.split(",")]
    return "*" in tags or found.etag in tags


def _before(text: str | None, found: Attributes) -> bool | None:
    """Say whether the object changed after ``text``; ``None`` where that is no time."""
    if text is None:
        return None
    try:
        return found.mtime_ns // 10**9 > int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None


def _failed(name: str) -> ApiError:
    return ApiError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
        hint=f"Condition: {name}",
    )


def _same() -> NotModifiedError:
    return NotModifiedError("NotModified", "Not Modified", status=304)
