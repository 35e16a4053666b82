# SPDX-License-Identifier: Apache-2.0
"""Flow collections line by line; the rest is compared with PyYAML in test_yaml.py."""

from __future__ import annotations

import pytest

from vmferry.guest.network._flow import Flow, closing_quote, opens_quote, unquote


def test_goes_on_while_brackets_are_open() -> None:
    flow = Flow()
    for line, is_open in (("[a, {b: '['", True), ("}, it's,", True), ('"]"]', False)):
        flow.add(line)
        assert flow.is_open is is_open
    assert flow.value() == ["a", {"b": "["}, "it's", "]"]


@pytest.mark.parametrize(
    ("text", "end"), [("'a''b'c", 5), ('"a\\"b"c', 5), ("'a", 2), ('"a\\', 3), ("''", 1)]
)
def test_closing_quote(text: str, end: int) -> None:
    assert closing_quote(text, 0) == end


@pytest.mark.parametrize(
    ("text", "before", "opens"),
    [
        ("'", "", True),
        ("- '", "-", True),
        ("-'", "-", False),
        ("a:'", ":", False),
        ("a", "", False),
    ],
)
def test_opens_quote(text: str, before: str, opens: bool) -> None:
    assert opens_quote(text, len(text) - 1, before) is opens


@pytest.mark.parametrize(
    ("text", "meant"),
    [("a", "a"), ("'it''s'", "it's"), ('"\\x41\\u00e9\\n\\q"', "A\u00e9\nq"), ("", "")],
)
def test_unquote(text: str, meant: str) -> None:
    assert unquote(text) == meant
