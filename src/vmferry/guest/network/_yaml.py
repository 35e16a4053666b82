# SPDX-License-Identifier: Apache-2.0
r"""The YAML that netplan's files are written in, read in one pass over a few KiB.

Block and flow mappings and sequences, plain and quoted scalars, comments. Every scalar is text.
Anchors, aliases, tags and block scalars, which these files never need, are refused: hostile ones
could grow without end.

Source: YAML 1.2.2, chapters 6 to 8.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, TypeAlias, Union

from vmferry.errors import FormatError
from vmferry.guest.network._flow import (
    BLANKS,
    MOST_DEPTH,
    QUOTES,
    Flow,
    closing_quote,
    opens_quote,
    unquote,
)

Value: TypeAlias = Union[str, "list[Value]", "dict[str, Value]"]

NO_LINES: Final = ("---", "...")
REFUSED: Final = {"&": "an anchor", "*": "an alias", "!": "a tag", "|": "a block", ">": "a block"}


class Line(NamedTuple):
    """A line that says something: its number from 1, its indent, its text without a comment."""

    number: int
    indent: int
    text: str


def parse(text: str) -> Value:
    """Return what a document says; ``""`` of an empty one.

    Raises:
        FormatError: It is not the YAML described above; the message names the line.
    """
    left = deque(significant(text))
    if not left:
        return ""
    value = _block(left, left[0].indent, 0)
    if left:
        raise _error(left[0], "found a line that belongs nowhere")
    return value


def significant(text: str) -> list[Line]:
    """Return the lines that say something."""
    return [
        Line(number, len(line) - len(line.lstrip(" ")), bare)
        for number, line in enumerate(text.replace("\r", "").split("\n"), 1)
        if (bare := _without_comment(line).strip(" ")) and bare not in NO_LINES
    ]


def _error(line: Line, what: str) -> FormatError:
    return FormatError(f"line {line.number}: {what}")


def _without_comment(line: str) -> str:
    """Return a line up to a ``#`` after a blank that is in no quotes."""
    at, before = 0, ""
    while at < len(line):
        mark = line[at]
        if opens_quote(line, at, before):
            at = closing_quote(line, at)
        elif mark == "#" and (at == 0 or line[at - 1] in BLANKS):
            return line[:at]
        if mark not in BLANKS:
            before = mark
        at += 1
    return line


def _block(lines: deque[Line], indent: int, depth: int) -> Value:
    """Return the value whose first line is the next one, all at ``indent`` or deeper."""
    if depth > MOST_DEPTH:
        raise _error(lines[0], f"found more than {MOST_DEPTH} levels")
    if is_item(lines[0]):
        return _sequence(lines, indent, depth)
    if key_of(lines[0]) is not None:
        return _mapping(lines, indent, depth)
    line = lines.popleft()
    return _scalar(line, line.text, lines, indent - 1)


def is_item(line: Line) -> bool:
    """Tell whether a line begins with the dash of a sequence's item."""
    return line.text == "-" or line.text.startswith("- ")


def _sequence(lines: deque[Line], indent: int, depth: int) -> list[Value]:
    items: list[Value] = []
    while lines and lines[0].indent == indent and is_item(lines[0]):
        line = lines.popleft()
        text = line.text[1:].lstrip(" ")
        inner = Line(line.number, indent + len(line.text) - len(text), text)
        if not text:
            items.append(_below(lines, indent, depth))
        elif is_item(inner) or key_of(inner) is not None:
            lines.appendleft(inner)
            items.append(_block(lines, inner.indent, depth + 1))
        else:
            items.append(_scalar(line, text, lines, indent))
    return items


def _mapping(lines: deque[Line], indent: int, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    while lines and lines[0].indent == indent and not is_item(lines[0]):
        line = lines.popleft()
        pair = key_of(line)
        if pair is None:
            raise _error(line, "found no key")
        key, text = pair
        if text:
            found[key] = _scalar(line, text, lines, indent)
        elif lines and lines[0].indent == indent and is_item(lines[0]):
            found[key] = _sequence(lines, indent, depth + 1)
        else:
            found[key] = _below(lines, indent, depth)
    return found


def _below(lines: deque[Line], indent: int, depth: int) -> Value:
    """Return the block that is deeper than ``indent``, ``""`` if there is none."""
    if not lines or lines[0].indent <= indent:
        return ""
    return _block(lines, lines[0].indent, depth + 1)


def key_of(line: Line) -> tuple[str, str] | None:
    """Return the key that a line begins with and the text after it.

    Raises:
        FormatError: The key is an explicit one.
    """
    text = line.text
    if text[0] in "[{":
        return None
    if text.startswith("? "):
        raise _error(line, "found an explicit key, which is not read here")
    if text[0] in QUOTES:
        end = closing_quote(text, 0) + 1
        rest = text[end:].lstrip(" ")
        if not rest.startswith(":") or rest[1:2] not in ("", " "):
            return None
        return unquote(text[:end]), rest[1:].strip(" ")
    at = text.find(": ")
    if at < 0:
        at = len(text) - 1 if text.endswith(":") else -1
    return None if at < 0 else (text[:at].rstrip(" "), text[at + 1 :].strip(" "))


def _scalar(line: Line, text: str, lines: deque[Line], indent: int) -> Value:
    """Return a scalar or a flow, which goes on over the lines that are deeper than ``indent``."""
    if text[0] in REFUSED:
        raise _error(line, f"found {REFUSED[text[0]]}, which is not read here")
    flow = Flow()
    flow.add(text)
    while lines and (lines[0].indent > indent or flow.is_open):
        flow.add(lines.popleft().text)
    try:
        return flow.value()
    except FormatError as error:
        raise _error(line, error.message) from error
