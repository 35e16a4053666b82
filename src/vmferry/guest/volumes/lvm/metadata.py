# SPDX-License-Identifier: Apache-2.0
"""The text that LVM2 keeps its metadata in: sections, values and lists.

    vg0 {                                   # a section
        id = "…"
        extent_size = 8192
        status = ["READ", "WRITE"]
        logical_volumes { root { … } }
    }

Source: lvm.conf(5), Syntax.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Value: TypeAlias = "int | str | list[int | str] | Section"
Section: TypeAlias = dict[str, "Value"]

TOKEN: Final = re.compile(
    r"""\s+|\#[^\n]*"""
    r"""|(?P<text>"(?:[^"\\]++|\\.)*+")"""
    r"""|(?P<number>-?\d{1,19}(?:\.\d{1,19})?)(?![\w.+-])"""
    r"""|(?P<word>[\w.+-]+)"""
    r"""|(?P<mark>[{}=\[\],])""",
    re.ASCII | re.DOTALL,
)
DEEPEST: Final = 16


def parse(text: str) -> Section:
    """Return the sections of ``text``.

    Raises:
        ValueError: It is not of this syntax.
    """
    root: Section = {}
    stack = [root]
    tokens = _Tokens(text)
    while (token := tokens.next()) is not None:
        kind, word = token
        if (kind, word) == ("mark", "}") and len(stack) > 1:
            stack.pop()
            continue
        if kind not in ("word", "number"):
            raise ValueError(f"found {word!r}, expected a name")
        mark = tokens.next()
        if mark == ("mark", "="):
            stack[-1][word] = tokens.value()
        elif mark == ("mark", "{") and len(stack) < DEEPEST:
            section: Section = {}
            stack[-1][word] = section
            stack.append(section)
        else:
            raise ValueError(f"found {mark}, expected a value or a section of {word!r}")
    if len(stack) > 1:
        raise ValueError("a section has no end")
    return root


class _Tokens:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def next(self) -> tuple[str, str] | None:
        """Return the next token, or ``None`` at the end."""
        while self._at < len(self._text):
            match = TOKEN.match(self._text, self._at)
            if match is None:
                raise ValueError(f"found {self._text[self._at]!r} at character {self._at}")
            self._at = match.end()
            if match.lastgroup is not None:
                return match.lastgroup, match.group()
        return None

    def value(self) -> Value:
        """Return what stands after ``=``."""
        token = self.next()
        if token != ("mark", "["):
            return _scalar(token)
        values: list[int | str] = []
        while (token := self.next()) != ("mark", "]"):
            if token != ("mark", ","):
                values.append(_scalar(token))
        return values


def _scalar(token: tuple[str, str] | None) -> int | str:
    if token is not None and token[0] == "text":
        return re.sub(r"\\(.)", r"\1", token[1][1:-1], flags=re.DOTALL)
    if token is not None and token[0] == "number":
        return int(token[1].partition(".")[0])
    raise ValueError(f"found {token}, expected a number or a text")
