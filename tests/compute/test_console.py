# SPDX-License-Identifier: Apache-2.0
"""What is painted becomes lines, in whatever pieces it comes, and only the end is kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.compute.console import LONGEST_LINE, Console

GRUB = (
    "\x1b[2J\x1b[01;01H\x1b[0;30;47mWelcome to GRUB!\r\n"
    "\x1b[?25l\x1b[m\x1b[5;3H*Debian GNU/Linux \u2502\x1b[m\x1b[5;78H\x1b(Bend\x1b[31"
).encode()


def said(*pieces: bytes, kept: int = 1000) -> Console:
    console = Console(kept=kept)
    for piece in pieces:
        console.feed(piece)
    return console


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb", "a\nb"),
        (b"\x1b[0;1;31mred\x1b[0m\tx", "red\tx"),
        (b"one\x1b[12;4Htwo\x1b[Hthree\x1b[2Jfour", "one\ntwo\nthree\nfour"),
        (b"\x1bc\x1b[?7l\x1b[=3hx", "x"),
        (b"\x1b]0;title\x07x", "]0;titlex"),
        (b"\0\x07\x7fx\xff", "x\ufffd"),
        ("é\x9bx".encode(), "éx"),
    ],
)
def test_what_is_no_text_goes(data: bytes, text: str) -> None:
    assert said(data).text == text


def test_grub() -> None:
    assert said(GRUB).lines(9) == ("Welcome to GRUB!", "*Debian GNU/Linux \u2502", "end")


@given(st.lists(st.integers(0, len(GRUB)), max_size=8))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(GRUB)]
    pieces = [GRUB[a:b] for a, b in pairwise(ends)]
    assert said(*pieces).text == said(GRUB).text


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_nothing_breaks_it(pieces: list[bytes]) -> None:
    console = said(*pieces, kept=50)
    assert len(console.text) <= 50
    assert len(console.text) <= console.length


def test_only_the_end_is_kept() -> None:
    console = said(b"x" * 600, b"y" * 600)
    assert console.length == 1200
    assert console.text == "x" * 400 + "y" * 600
    assert console.since(1195) == "y" * 5
    assert console.since(-5) == console.text
    assert console.since(1200) == ""


def test_lines_are_cut_and_empty_ones_left_out() -> None:
    console = said(b"first\n\n \n" + b"z" * 500 + b"\nlast: ")
    assert console.lines(2) == ("z" * LONGEST_LINE, "last:")
    assert console.lines(9)[0] == "first"


def test_an_endless_sequence_is_not_kept() -> None:
    console = said(*[b"\x1b[" + b"1;" * 50] * 100)
    assert len(console._unfinished) < 50
