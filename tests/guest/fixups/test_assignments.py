# SPDX-License-Identifier: Apache-2.0
"""Assignments keep their quotes, their comments and their order."""

from __future__ import annotations

import re

import pytest

from vmferry.guest.fixups._assignments import Assignments

TEXT = "# head\nA='x'  # why\nB=\"y z\"\r\nexport C=\n\nA=2\n"


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("A", TEXT.replace("A=2", "A=new")),
        ("B", TEXT.replace('"y z"', '"new"')),
        ("C", TEXT.replace("C=", "C=new")),
        ("D", TEXT + "D=new\n"),
    ],
)
def test_put(name: str, after: str) -> None:
    file = Assignments(TEXT)
    file.put(name, "new")
    assert file.text == after


def test_put_where_no_line_ends() -> None:
    file = Assignments("A=1")
    file.put("B", "2")
    assert file.text == "A=1\nB=2"
    empty = Assignments("")
    empty.put("B", "2")
    assert empty.text == "B=2\n"


def test_disable() -> None:
    file = Assignments("A=1\n a2='x'\nB=1\n")
    assert file.disable(re.compile(r"A\d*"))
    assert file.text == "# disabled by vmferry: A=1\n # disabled by vmferry: a2='x'\nB=1\n"
    assert not Assignments(file.text).disable(re.compile(r"A\d*"))
