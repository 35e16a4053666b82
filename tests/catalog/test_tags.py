# SPDX-License-Identifier: Apache-2.0
"""Tags: limits with their texts, owners, replacing and removing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.catalog.records import OWNER, STRANGERS

from vmferry.catalog.tags import Tags, parse, write
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("", "v", "Tag key '' has 0 characters, expected 1 to 127"),
        ("k" * 128, "v", f"Tag key '{'k' * 128}' has 128 characters, expected 1 to 127"),
        ("aws:it", "v", "Tag key 'aws:it' uses the reserved 'aws:'"),
        ("AwS:it", "v", "Tag key 'AwS:it' uses the reserved 'aws:'"),
        ("k", "v" * 257, "Tag value of 'k' has 257 characters, expected up to 256"),
    ],
)
def test_what_is_refused(key: str, value: str, text: str) -> None:
    with pytest.raises(ApiError, match=rf"^{re.escape(text)}$") as caught:
        parse([{"Key": key, "Value": value}])
    assert caught.value.code == "InvalidParameterValue"


def test_what_is_accepted() -> None:
    assert parse([]) == {}
    assert parse([{"Key": "k" * 127, "Value": "v" * 256}, {"Key": "awsome"}]) == {
        "k" * 127: "v" * 256,
        "awsome": "",
    }
    assert len(parse([{"Key": str(number)} for number in range(50)])) == 50


def test_too_many_at_once() -> None:
    with pytest.raises(ApiError) as caught:
        parse([{"Key": str(number)} for number in range(51)])
    assert (caught.value.code, caught.value.message) == (
        "TagLimitExceeded",
        "51 tags are given, expected up to 50",
    )


def test_tags_are_added_and_replaced(engine: Engine) -> None:
    tags = Tags(engine)
    tags.put(OWNER, "ami-1", {"b": "1", "a": "2"})
    tags.put(OWNER, "ami-1", {"b": "3", "c": ""})
    tags.put(OWNER, "ami-2", {"b": "4"})
    tags.put(OWNER, "ami-3", {})
    assert tags.of(["ami-1", "ami-2", "ami-3"]) == {
        "ami-1": {"a": "2", "b": "3", "c": ""},
        "ami-2": {"b": "4"},
    }
    assert list(tags.of(["ami-1"])["ami-1"]) == ["a", "b", "c"]
    assert tags.of([]) == {}


def test_a_resource_has_at_most_fifty(engine: Engine) -> None:
    tags = Tags(engine)
    tags.put(OWNER, "ami-1", {f"{number}": "old" for number in range(50)})
    tags.put(OWNER, "ami-1", {f"{number}": "new" for number in range(50)})
    with pytest.raises(ApiError) as caught:
        tags.put(OWNER, "ami-1", {"0": "changed", "more": ""})
    assert (caught.value.code, caught.value.message) == (
        "TagLimitExceeded",
        "ami-1 would have 51 tags, expected up to 50",
    )
    assert tags.of(["ami-1"])["ami-1"] == {f"{number}": "new" for number in range(50)}


def test_tags_are_removed_by_key_and_by_value(engine: Engine) -> None:
    tags = Tags(engine)
    tags.put(OWNER, "ami-1", {"a": "1", "b": "2", "c": ""})
    tags.put(OWNER, "ami-2", {"a": "1"})
    tags.remove("ami-1", [("a", None), ("b", "other"), ("c", ""), ("missing", None)])
    assert tags.of(["ami-1", "ami-2"]) == {"ami-1": {"b": "2"}, "ami-2": {"a": "1"}}
    tags.clear("ami-1")
    tags.clear("ami-1")
    assert tags.of(["ami-1", "ami-2"]) == {"ami-2": {"a": "1"}}


def test_others_tags_are_not_listed(engine: Engine) -> None:
    tags = Tags(engine)
    tags.put(OWNER, "ami-1", {"a": "1"})
    tags.put(STRANGERS[0], "ami-2", {"a": "2"})
    tags.put(STRANGERS[1], "ami-3", {"a": "3"})
    assert tags.owned(OWNER) == [("ami-1", "a", "1")]
    assert tags.owned(STRANGERS[1]) == [("ami-3", "a", "3")]


def test_tags_are_part_of_the_callers_transaction(engine: Engine) -> None:
    with engine.connect() as connection:
        write(connection, OWNER, "ami-1", {"a": "1"})
        connection.rollback()
    assert Tags(engine).of(["ami-1"]) == {}


def test_an_account_may_have_more_resources_than_a_query_variables(engine: Engine) -> None:
    tags = Tags(engine)
    tags.put(OWNER, "snap-39999", {"a": "1"})
    assert tags.of([f"snap-{at}" for at in range(40_000)]) == {"snap-39999": {"a": "1"}}
