# SPDX-License-Identifier: Apache-2.0
"""The text of the metadata, also where it is none."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.house.memory import forget_peak, peak

from vmferry.guest.volumes.lvm.metadata import DEEPEST, parse


def test_sections_values_and_lists() -> None:
    text = """
        # a comment with "quotes" { and marks
        vg-0 {
            id = "a-b"   # another
            number = 8192
            negative=-1
            share = 1.5
            empty = []
            status = ["READ", "a \\"b\\\\", 3,]
            1st { deep { } }
        }
        version = 1"""
    assert parse(text) == {
        "vg-0": {
            "id": "a-b",
            "number": 8192,
            "negative": -1,
            "share": 1,
            "empty": [],
            "status": ["READ", 'a "b\\', 3],
            "1st": {"deep": {}},
        },
        "version": 1,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a {", "a section has no end"),
        ("}", "found '}', expected a name"),
        ("= 1", "found '=', expected a name"),
        ("a", "found None, expected a value or a section of 'a'"),
        ("a b", "found ('word', 'b'), expected a value"),
        ("a =", "found None, expected a number or a text"),
        ("a = b", "found ('word', 'b'), expected a number or a text"),
        ("a = [1", "found None, expected a number or a text"),
        ("a = [[", "found ('mark', '['), expected a number or a text"),
        ('a = "b', "found '\"' at character 4"),
        ("a = 1\0", "found '\\x00' at character 5"),
        ("a {" * (DEEPEST + 1), "expected a value or a section of 'a'"),
        (f"a = {'9' * 20}", "expected a number or a text"),
    ],
)
def test_what_is_no_metadata(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text)


@pytest.mark.parametrize("end", ['"', ""])
def test_a_long_text_takes_little_memory(end: str) -> None:
    """A pattern that can go back keeps a mark for each character: 570 MiB for 4 MiB."""
    text = 'a = "' + "x" * (1 << 22) + end
    forget_peak()
    before = peak()
    with nullcontext() if end else pytest.raises(ValueError, match="at character 4"):
        parse(text)
    assert peak() - before < 64 << 20


@given(st.text(alphabet='ab1 ={}[],"\\#\n-.'))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        assert isinstance(parse(text), dict)
    except ValueError:
        return
