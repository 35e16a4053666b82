# SPDX-License-Identifier: Apache-2.0
"""What every Describe action does the same way: choose, filter, page, add tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from vmferry.api.actions.ec2._checks import check_dry_run
from vmferry.catalog import filters
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vmferry.api.actions import Call

T = TypeVar("T")

ANY_SIZE: Final = (1, 1 << 31)
"""``MaxResults`` where AWS states no limits."""


def described(
    call: Call,
    items: Sequence[T],
    *,
    key: Callable[[T], str],
    fields: Mapping[str, Callable[[T], Iterable[str]]],
    tags: Callable[[T], Mapping[str, str]],
    sizes: tuple[int, int] = ANY_SIZE,
) -> tuple[list[T], dict[str, str]]:
    """Return the items of one answer and ``NextToken``, if there is more.

    Args:
        call: The request, with ``Filters``, ``MaxResults`` and ``NextToken``.
        items: What the ids and owners of the request chose.
        key: Unique and stable; the order of the pages.
        fields: What each filter looks at.
        tags: The item's tags.
        sizes: The smallest and the largest ``MaxResults``.

    Raises:
        ApiError: ``DryRunOperation``, ``InvalidMaxResults``, ``InvalidNextToken``, or an unknown
            filter.
    """
    size = call.params.get("MaxResults")
    if size is not None and not sizes[0] <= size <= sizes[1]:
        raise ApiError(
            "InvalidMaxResults", f"MaxResults is {size}, expected {sizes[0]} to {sizes[1]}"
        )
    kept = filters.chosen(items, call.params.get("Filters", []), fields, tags)
    shown, token = filters.page(kept, key, size, call.params.get("NextToken"))
    check_dry_run(call)
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
