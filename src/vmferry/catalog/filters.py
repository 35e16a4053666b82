# SPDX-License-Identifier: Apache-2.0
r"""Filters and pages of every Describe action.

Values OR within a filter, AND between filters, ``*`` and ``?`` are wildcards, ``\\`` takes their
meaning away, case matters. Source: aws-behaviour.md, appendix B and 1.6.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")


def chosen(
    items: Iterable[T],
    filters: Sequence[Mapping[str, Any]],
    fields: Mapping[str, Callable[[T], Iterable[str]]],
    tags: Callable[[T], Mapping[str, str]],
) -> list[T]:
    """Return the items that pass every filter.

    Args:
        items: What is described.
        filters: ``[{"Name": …, "Values": […]}]`` as parsed.
        fields: What each filter name looks at; ``tag:<key>``, ``tag-key`` and ``tag-value`` are
            added.
        tags: The item's tags.

    Raises:
        ApiError: ``InvalidParameterValue`` for an unknown filter or one without values.
    """
    rest = list(items)
    for item in filters:
        name, values = str(item.get("Name", "")), item.get("Values") or []
        if not values:
            raise ApiError(
                "InvalidParameterValue", f"The filter '{name}' has no value, expected at least one"
            )
        look = _look(name, fields, tags)
        patterns = [_pattern(value) for value in values]
        rest = [one for one in rest if any(p.fullmatch(v) for v in look(one) for p in patterns)]
    return rest


def _look(
    name: str,
    fields: Mapping[str, Callable[[T], Iterable[str]]],
    tags: Callable[[T], Mapping[str, str]],
) -> Callable[[T], Iterable[str]]:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda one: [value for tag, value in tags(one).items() if tag == key]
    if name == "tag-key":
        return lambda one: tags(one).keys()
    if name == "tag-value":
        return lambda one: tags(one).values()
    if name not in fields:
        raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return fields[name]


_TOKEN: Final = re.compile(r"\\.|.", re.DOTALL)


@lru_cache(maxsize=256)
def _pattern(value: str) -> re.Pattern[str]:
    # Between two stars the leftmost match is as good as any, so what a star took is never given
    # back but for the last one: "*a*a*a*a*a*b" takes pattern times text, not text to the fifth.
    pieces = [""]
    for mark in _TOKEN.findall(value):
        if mark == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if mark == "?" else re.escape(mark[-1])
    head, *rest = pieces
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    tail = f".*{rest[-1]}" if rest else ""
    return re.compile(head + middle + tail, re.DOTALL)


def page(
    items: Sequence[T], key: Callable[[T], str], size: int | None, token: str | None
) -> tuple[list[T], str | None]:
    """Return one page and the token of the next one, ``None`` on the last.

    The token names the last key that was shown, so that a list that changes in between neither
    repeats nor loses what stays.

    Raises:
        ApiError: ``InvalidNextToken`` or ``InvalidMaxResults``.
    """
    if size is not None and size < 1:
        raise ApiError("InvalidMaxResults", f"MaxResults is {size}, expected at least 1")
    ordered = sorted(items, key=key)
    if token is not None:
        try:
            after = base64.b64decode(token.encode(), b"-_", validate=True).decode()
        except (binascii.Error, UnicodeError) as error:
            raise ApiError("InvalidNextToken", f"The token '{token}' is invalid") from error
        ordered = [item for item in ordered if key(item) > after]
    if size is None or len(ordered) <= size:
        return ordered, None
    shown = ordered[:size]
    return shown, base64.urlsafe_b64encode(key(shown[-1]).encode()).decode()
