# SPDX-License-Identifier: Apache-2.0
"""Scalars and flow collections of YAML: what stands after a key or a dash.

Source: YAML 1.2.2, chapter 7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError

if TYPE_CHECKING:
    from vmferry.guest.network._yaml import Value

MOST_DEPTH: Final = 20
QUOTES: Final = ("'", '"')
BLANKS: Final = (" ", "\t")
BEFORE_SCALAR: Final = ("", "[", "{", ",")
ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
ESCAPES: Final = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def opens_quote(text: str, at: int, before: str) -> bool:
    """Tell whether a quote begins at ``at``; where no scalar can begin it is a letter of one.

    Args:
        text: One line.
        at: A place in it.
        before: The last character before it that is no blank, ``""`` if there is none.
    """
    if text[at] not in QUOTES:
        return False
    return before in BEFORE_SCALAR or (before in (":", "-") and text[at - 1] in BLANKS)


def closing_quote(text: str, start: int) -> int:
    """Return where the quote at ``start`` ends, the length of ``text`` if it does not."""
    quote = text[start]
    at = start + 1
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 1
        elif text[at] == quote:
            if quote == '"' or text[at + 1 : at + 2] != quote:
                return at
            at += 1
        at += 1
    return len(text)


def unquote(text: str) -> str:
    """Return what a scalar with or without quotes means."""
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] != '"':
        return text
    return ESCAPE.sub(
        lambda found: (
            ESCAPES.get(found[3], found[3]) if found[3] else chr(int(found[1] or found[2], 16))
        ),
        text[1:-1],
    )


def _opened(text: str) -> int:
    """Return how many more brackets a line opens than it closes, outside quotes."""
    opened = at = 0
    before = ""
    while at < len(text):
        if opens_quote(text, at, before):
            at = closing_quote(text, at)
        else:
            opened += (text[at] in "[{") - (text[at] in "]}")
            before = before if text[at] in BLANKS else text[at]
        at += 1
    return opened


class Flow:
    """Text that is added line by line, and the value that it has then."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._open = 0
        self._text = ""
        self._at = 0

    @property
    def is_open(self) -> bool:
        """Whether brackets are open, so that the value must go on."""
        return self._open > 0

    def add(self, text: str) -> None:
        """Add a line."""
        if self._pieces or text[0] in "[{":
            self._open += _opened(text)
        self._pieces.append(text)

    def value(self) -> Value:
        """Return the value.

        Raises:
            FormatError: Brackets or quotes are not closed, or something follows them.
        """
        self._text = " ".join(self._pieces)
        if self._text[0] not in "[{\"'":
            return self._text
        value = self._value(0)
        if self._text[self._at :].strip():
            raise FormatError("text after a value", found=repr(self._text[self._at :][:20]))
        return value

    def _value(self, depth: int) -> Value:
        if depth > MOST_DEPTH:
            raise FormatError(f"found more than {MOST_DEPTH} levels")
        mark = self._next()
        if mark == "[":
            return self._sequence(depth)
        if mark == "{":
            return self._mapping(depth)
        return self._scalar()

    def _sequence(self, depth: int) -> list[Value]:
        items: list[Value] = []
        self._at += 1
        while self._next() != "]":
            items.append(self._value(depth + 1))
            self._separator("]")
        self._at += 1
        return items

    def _mapping(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        self._at += 1
        while self._next() != "}":
            key = self._scalar()
            if self._next() == ":":
                self._at += 1
                found[key] = "" if self._next() in ",}" else self._value(depth + 1)
            else:
                found[key] = ""
            self._separator("}")
        self._at += 1
        return found

    def _next(self) -> str:
        """Return the next character that is no blank."""
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        if self._at == len(self._text):
            raise FormatError("a value that does not end")
        return self._text[self._at]

    def _separator(self, close: str) -> None:
        mark = self._next()
        if mark == ",":
            self._at += 1
        elif mark != close:
            raise FormatError("separator", found=repr(mark), expected=f"a comma or {close}")

    def _scalar(self) -> str:
        start = self._at
        if self._text[start] in QUOTES:
            end = closing_quote(self._text, start)
            if end == len(self._text):
                raise FormatError("a quote that does not end")
            self._at = end + 1
            return unquote(self._text[start : self._at])
        if self._text[start] in "&*!|>" or self._ends_plain():
            raise FormatError("scalar", found=repr(self._text[start]), expected="text")
        while self._at < len(self._text) and not self._ends_plain():
            self._at += 1
        return self._text[start : self._at].rstrip()

    def _ends_plain(self) -> bool:
        mark, after = self._text[self._at], self._text[self._at + 1 : self._at + 2]
        return mark in ",[]{}" or (mark == ":" and after in ("", " ", ",", "[", "]", "{", "}"))
