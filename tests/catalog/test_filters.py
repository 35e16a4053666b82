# SPDX-License-Identifier: Apache-2.0
"""Filters and pages of every Describe action."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.catalog.filters import chosen, page
from vmferry.errors import ApiError

ITEMS: dict[str, dict[str, str]] = {
    "alpha": {"env": "prod", "team": "a"},
    "beta": {"env": "dev"},
    "Beta": {},
    "a*b": {"Name": "star"},
    "a\nb": {"Name": ""},
}


def _chosen(*filters: tuple[str, list[str]]) -> list[str]:
    return chosen(
        ITEMS,
        [{"Name": name, "Values": values} for name, values in filters],
        {"name": lambda name: [name], "letters": lambda name: list(name)},
        lambda name: ITEMS[name],
    )


def _matches(pattern: str, text: str) -> bool:
    filters = [{"Name": "it", "Values": [pattern]}]
    return bool(chosen([text], filters, {"it": lambda text: [text]}, lambda _: {}))


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], list(ITEMS)),
        ([("name", ["alpha"])], ["alpha"]),
        ([("name", ["alpha", "beta"])], ["alpha", "beta"]),
        ([("name", ["alpha"]), ("name", ["beta"])], []),
        ([("name", ["*a"]), ("tag:env", ["dev", "prod"])], ["alpha", "beta"]),
        ([("name", ["BETA"])], []),
        ([("letters", ["p"])], ["alpha"]),
        ([("tag:env", ["prod"])], ["alpha"]),
        ([("tag:env", ["*"])], ["alpha", "beta"]),
        ([("tag:ENV", ["*"])], []),
        ([("tag:Name", [""])], ["a\nb"]),
        ([("tag-key", ["env"])], ["alpha", "beta"]),
        ([("tag-key", ["e*", "Na?e"])], ["alpha", "beta", "a*b", "a\nb"]),
        ([("tag-value", ["a", "star"])], ["alpha", "a*b"]),
    ],
)
def test_values_or_filters_and(filters: list[tuple[str, list[str]]], names: list[str]) -> None:
    assert _chosen(*filters) == names


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*c", "ac", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*ab*b", "aabb", True),
        ("*ab", "abab", True),
        ("a*b", "a\nb", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        (r"\?", "?", True),
        (r"\\*", "\\abc", True),
        ("a\\", "a\\", True),
        ("a\\", "a", False),
        ("a", "aa", False),
    ],
)
def test_wildcards(pattern: str, text: str, matches: bool) -> None:
    assert _matches(pattern, text) is matches


def _slowly(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _slowly(pattern[1:], text) or (bool(text) and _slowly(pattern, text[1:]))
    if pattern[0] == "\\" and len(pattern) > 1:
        return text[:1] == pattern[1] and _slowly(pattern[2:], text[1:])
    return bool(text) and pattern[0] in ("?", text[0]) and _slowly(pattern[1:], text[1:])


@given(st.text("ab*?\\", max_size=8), st.text("ab*\\", max_size=8))
def test_wildcards_mean_what_their_definition_says(pattern: str, text: str) -> None:
    assert _matches(pattern, text) is _slowly(pattern, text)


def test_no_pattern_takes_long() -> None:
    start = time.process_time()
    assert not _matches("*a" * 30 + "*b", "a" * 255)
    assert time.process_time() - start < 1, "a backtracking matcher takes longer than the universe"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ([("colour", ["x"])], "The filter 'colour' is invalid"),
        ([("", ["x"])], "The filter '' is invalid"),
        ([("tag", ["x"])], "The filter 'tag' is invalid"),
        ([("name", [])], "The filter 'name' has no value, expected at least one"),
    ],
)
def test_filters_that_are_refused(filters: list[tuple[str, list[str]]], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        _chosen(*filters)
    assert (caught.value.code, caught.value.message) == ("InvalidParameterValue", text)


def test_a_filter_without_values_member() -> None:
    filters: list[dict[str, Any]] = [{"Name": "name"}]
    with pytest.raises(ApiError, match="The filter 'name' has no value"):
        chosen(ITEMS, filters, {"name": lambda name: [name]}, lambda name: ITEMS[name])


@given(st.sets(st.text(max_size=4), max_size=30), st.integers(1, 8))
def test_pages_show_everything_once(names: set[str], size: int) -> None:
    names -= {""}
    shown: list[str] = []
    token: str | None = None
    while True:
        some, token = page(sorted(names, key=hash), str, size, token)
        shown += some
        if token is None:
            break
        assert len(some) == size
    assert shown == sorted(names)


def test_all_on_one_page() -> None:
    assert page(["b", "a"], str, None, None) == (["a", "b"], None)
    assert page(["b", "a"], str, 2, None) == (["a", "b"], None)
    assert page([], str, 1, None) == ([], None)


def test_a_list_that_changes_neither_repeats_nor_loses_what_stays() -> None:
    first, token = page(["a", "c", "e", "g"], str, 2, None)
    assert first == ["a", "c"]
    second, token = page(["b", "e", "f", "g"], str, 2, token)
    assert second == ["e", "f"]
    assert page(["a", "b", "e", "f", "g"], str, 2, token) == (["g"], None)


def test_a_token_is_opaque_and_fits_into_a_url() -> None:
    _, token = page(["ä?>", "z"], str, 1, None)
    assert token is not None
    assert token.replace("-", "").replace("_", "").rstrip("=").isalnum()


@pytest.mark.parametrize(
    "token", ["!!!!", "a", "ü", "YQ", "Y Q==", base64.b64encode(b"\xff").decode()]
)
def test_tokens_that_are_none_of_ours(token: str) -> None:
    with pytest.raises(ApiError) as caught:
        page(["a", "b"], str, 1, token)
    assert (caught.value.code, caught.value.message) == (
        "InvalidNextToken",
        f"The token '{token}' is invalid",
    )


@pytest.mark.parametrize("size", [0, -1])
def test_sizes_that_are_none(size: int) -> None:
    with pytest.raises(ApiError) as caught:
        page(["a"], str, size, None)
    assert (caught.value.code, caught.value.message) == (
        "InvalidMaxResults",
        f"MaxResults is {size}, expected at least 1",
    )
