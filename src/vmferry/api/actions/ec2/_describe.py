# SPDX-License-Identifier: Apache-2.0
"""What every Describe action does the same way: choose, filter, page, add tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from vmferry.catalog import filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vmferry.api.actions import Call

T = TypeVar("T")


def described(
    call: Call,
    items: Sequence[T],
    *,
    key: Callable[[T], str],
    fields: Mapping[str, Callable[[T], Iterable[str]]],
    tags: Callable[[T], Mapping[str, str]],
) -> tuple[list[T], dict[str, str]]:
    """Return the items of one answer and ``NextToken``, if there is more.

    Args:
        call: The request, with ``Filters``, ``MaxResults`` and ``NextToken``.
        items: What the ids and owners of the request chose.
        key: Unique and stable; the order of the pages.
        fields: What each filter looks at.
        tags: The item's tags.
    """
    kept = filters.chosen(items, call.params.get("Filters", []), fields, tags)
    shown, token = filters.page(
        kept, key, call.params.get("MaxResults"), call.params.get("NextToken")
    )
    return shown, {"NextToken": token} if token else {}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as the API lists them, by key."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def truth(value: bool) -> list[str]:
    """Return a boolean as a filter sees it."""
    return ["true" if value else "false"]


def without_none(**members: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the members that are there: AWS leaves optional members out, never empty."""
    return {name: value for name, value in members.items() if value is not None}
