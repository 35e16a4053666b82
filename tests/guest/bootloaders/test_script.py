# SPDX-License-Identifier: Apache-2.0
"""Words and conditions of GRUB's scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.guest.bootloaders import _script

VARIABLES = {"a": "one two", "empty": "", "id": "--id"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("set a=b; set c='d;e' # comment; set", ["set a=b", "set c='d;e'"]),
        ("menuentry 'x {' {\n\tlinux /a \\\n b\n}", ["menuentry 'x {' {", "linux /a  b", "}"]),
        ('echo "a\\"; b" ; fi', ['echo "a\\"; b"', "fi"]),
        ("set x=${y}", ["set x=${y}"]),
        ("a\\;b", ["a\\;b"]),
    ],
)
def test_commands(text: str, found: list[str]) -> None:
    assert [command for _, command in _script.commands(text)] == found


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (
            "linux /a$empty root=\"x ${a}\" 'b $a' c\\ d",
            ["linux", "/a", "root=x one two", "b $a", "c d"],
        ),
        ("x ${empty} '' \"$empty\" $id", ["x", "", "", "--id"]),
        ('"open', ["open"]),
        ("'open", ["open"]),
        ("$", ["$"]),
    ],
)
def test_words(command: str, found: list[str]) -> None:
    assert _script.words(command, VARIABLES) == found


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("[ x ]", True),
        ("[ '' ]", False),
        ("[ ! '' ]", True),
        ("[ -z '' ]", True),
        ("[ -n '' ]", False),
        ("[ -s /there ]", True),
        ("[ -f /gone ]", False),
        ("[ a = a ]", True),
        ("[ a == b ]", False),
        ("[ a != b ]", True),
        ("[ '' -o x ]", True),
        ("[ x -a '' ]", False),
        ("[ a -nt b ]", False),
        ("[ ]", False),
    ],
)
def test_conditions(test: str, holds: bool) -> None:
    words = _script.words(test, {})
    assert _script.holds(words, lambda path: path == "/there") is holds


def test_no_word_grows() -> None:
    variables = {"a": "x" * 10_000}
    assert len(_script.expand("$a" * 100, variables)) == _script.LONGEST_WORD
    assert sum(map(len, _script.words("$a" * 100, variables))) < 30_000


@given(st.text("ab ${}\\'\";#\n[]=", max_size=80))
def test_any_text(text: str) -> None:
    for _, command in _script.commands(text):
        _script.words(command, VARIABLES)
