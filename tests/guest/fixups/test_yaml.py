# SPDX-License-Identifier: Apache-2.0
"""YAML that is edited says what it should, and keeps what it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.errors import GuestError
from vmferry.guest.fixups._yaml import edited
from vmferry.guest.network._yaml import parse

if TYPE_CHECKING:
    from vmferry.guest.network._yaml import Value

TEXT = """\
# head
a:  # of a
  b: 1   # of b
  # of c
  c:
  - d: 1
    e: 2
  -   f
  g: [1,
  2]
  h:
    i: {j: k}
l: "m"
"""
OLD = "# disabled by vmferry: "


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        ({"a": {"b": "1", "c": [{"d": "1", "e": "2"}, "f"], "g": ["1", "2"]}, "l": "m"}, None),
        ({"b": "2"}, ("  b: 1   # of b", "  b: 2")),
        ({"c": None}, ("  c:\n  - d: 1\n    e: 2\n  -   f", "")),
        ({"g": None}, ("  g: [1,\n  2]", "")),
        ({"g": ["x y", {"p": "e*"}]}, ("  g: [1,\n  2]", '  g: ["x y", {p: "e*"}]')),
        ({"h": {"i": {"j": "n"}}}, ("    i: {j: k}", "    i: {j: n}")),
        ({"h": {"i": {"j": "k"}, "o": "::/0"}}, ("    i: {", '    o: "::/0"\n    i: {')),
        ({"h": {}}, ("  h:\n    i: {j: k}", "  h: {}")),
        ({"z": "true"}, ("  b: 1 ", "  z: true\n  b: 1 ")),
    ],
)
def test_an_edit(value: dict[str, Value | None], changes: tuple[str, str] | None) -> None:
    old = parse(TEXT)
    assert isinstance(old, dict)
    assert isinstance(old["a"], dict)
    new: dict[str, Value] = {**old["a"]}
    expected = TEXT
    if changes is None:
        assert edited(TEXT, old) == TEXT
        return
    for key, each in value.items():
        if each is None:
            del new[key]
        else:
            new[key] = each
    before, after = changes
    if not after:
        lines = [
            f"{line[: len(line) - len(line.lstrip())]}{OLD}{line.lstrip()}"
            for line in before.split("\n")
        ]
        after = "\n".join(lines)
    assert edited(TEXT, {**old, "a": new}) == expected.replace(before, after)


def test_what_is_not_in_blocks_is_refused() -> None:
    assert edited("{a: 1}", {"a": "1"}) == "{a: 1}"
    with pytest.raises(GuestError, match="the YAML cannot be changed line by line"):
        edited("{a: 1}", {"a": "2"})
    with pytest.raises(GuestError, match="line 1: found an anchor"):
        edited("a: &x 1", {})


def test_an_empty_text() -> None:
    assert edited("# none\n", "") == "# none\n"


NAMES = st.text("ab:/.-*# '\"é", min_size=1, max_size=5)
VALUES = st.recursive(
    NAMES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(st.sampled_from("abcdef"), VALUES, min_size=1)


def block(value: object, indent: int = 0) -> str:
    """Return a value in block style, by rules of our own."""
    pad = " " * indent
    if isinstance(value, dict):
        lines = []
        for key, each in value.items():
            quoted = "'" + key.replace("'", "''") + "'"
            lines.append(f"{pad}{quoted}: # {key}\n{block(each, indent + 2)}")
        return "".join(lines)
    if isinstance(value, list):
        return "".join(f"{pad}-\n{block(each, indent + 2)}" for each in value)
    return pad + "'" + str(value).replace("'", "''") + "'\n"


@given(MAPPINGS, MAPPINGS)
def test_any_value_becomes_any_other(old: dict[str, Value], new: dict[str, Value]) -> None:
    text = block(old)
    assert parse(text) == old
    assert edited(text, old) == text
    after = edited(text, {**old, **new})
    assert parse(after) == {**old, **new}
    assert parse(edited(after, old)) == old
