# SPDX-License-Identifier: Apache-2.0
"""What several of IAM's actions answer."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from vmferry.api.actions.iam import PAGE, document, page, tag_members, tags_of


def test_a_document_is_percent_encoded() -> None:
    assert document('{"a": "b/~"}') == "%7B%22a%22%3A%20%22b%2F~%22%7D"
    assert unquote(document("ä")) == "ä"


def test_tags_go_both_ways() -> None:
    tags = {"b": "1", "a": ""}
    assert tag_members(tags) == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "1"}]
    assert tags_of(tag_members(tags)) == tags


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_pages_hold_everything_once(size: int) -> None:
    items = ["a", "b", "c"]
    found: list[str] = []
    params: dict[str, object] = {"MaxItems": size}
    for _ in range(5):
        shown, more = page(items, str, params)
        found += shown
        if not more["IsTruncated"]:
            break
        params["Marker"] = more["Marker"]
    assert found == items


def test_a_page_has_iams_size() -> None:
    items = [f"{number:04}" for number in range(PAGE + 1)]
    shown, more = page(items, str, {})
    assert (len(shown), more) == (100, {"IsTruncated": True, "Marker": "0099"})
