# SPDX-License-Identifier: Apache-2.0
"""What every Describe action does; filters and pages themselves are catalog/filters' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from vmferry.api.actions import Call
from vmferry.api.actions.ec2._describe import described, tag_list, truth, without_none
from vmferry.errors import ApiError
from vmferry.model.identity import Principal

if TYPE_CHECKING:
    from vmferry.api.services import Services


def _described(items: list[str], **params: object) -> tuple[list[str], dict[str, str]]:
    nobody = Principal(account="1", arn="a", user_id="u", canonical_id="c")
    call = Call(
        params=params,
        caller=nobody,
        region="us-east-1",
        request_id="r",
        services=cast("Services", None),
    )
    return described(
        call,
        items,
        key=lambda item: item,
        fields={"first": lambda item: [item[0]]},
        tags=lambda item: {"Length": str(len(item))},
        sizes=(1, 5),
    )


def test_items_are_chosen_by_fields_and_tags_and_sorted() -> None:
    items = ["bb", "a", "ba"]
    assert _described(items) == (["a", "ba", "bb"], {})
    filters = [{"Name": "first", "Values": ["b"]}, {"Name": "tag:Length", "Values": ["2"]}]
    assert _described(items, Filters=filters) == (["ba", "bb"], {})


def test_the_token_is_there_only_when_there_is_more() -> None:
    shown, more = _described(["a", "b", "c"], MaxResults=2)
    assert shown == ["a", "b"]
    assert _described(["a", "b", "c"], MaxResults=2, **more) == (["c"], {})


@pytest.mark.parametrize("size", [0, 6])
def test_a_page_has_limits(size: int) -> None:
    with pytest.raises(ApiError, match=f"^MaxResults is {size}, expected 1 to 5$") as caught:
        _described([], MaxResults=size)
    assert caught.value.code == "InvalidMaxResults"


def test_a_dry_run_comes_after_the_checks() -> None:
    with pytest.raises(ApiError) as caught:
        _described([], DryRun=True)
    assert (caught.value.code, caught.value.status) == ("DryRunOperation", 412)
    with pytest.raises(ApiError) as caught:
        _described([], DryRun=True, Filters=[{"Name": "x", "Values": ["y"]}])
    assert caught.value.code == "InvalidParameterValue"


def test_members_as_the_api_has_them() -> None:
    assert tag_list({"b": "2", "a": "1"}) == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "2"},
    ]
    assert (truth(value=True), truth(value=False)) == (["true"], ["false"])
    assert without_none(a=None, b="", c=0, d=False) == {"b": "", "c": 0, "d": False}
