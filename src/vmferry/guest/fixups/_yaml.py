# SPDX-License-Identifier: Apache-2.0
"""YAML that is changed line by line until it says what it should: comments and order stay.

The value that a text has is compared with the value that it should have. A key that goes becomes a
comment, one that comes is put first in its mapping, one that changes is written anew on one line.
What comes out is parsed again: an edit that says anything else is none.

Source: YAML 1.2.2, chapters 6 to 8; ``guest.network._yaml`` reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError, GuestError
from vmferry.guest.fixups import _network
from vmferry.guest.network import _yaml
from vmferry.guest.network._flow import Flow

if TYPE_CHECKING:
    from vmferry.guest.network._yaml import Line, Value

PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A key of a block mapping: its lines, and the keys below it."""

    key: str
    indent: int
    start: int
    stop: int
    items: tuple[_Item, ...] = ()


def edited(text: str, value: Value) -> str:
    """Return ``text`` changed so that it means ``value``.

    Raises:
        GuestError: It is not the YAML that is read here, or cannot be changed line by line.
    """
    try:
        return _edited(text, value)
    except FormatError as error:
        raise GuestError(error.message) from error


def _edited(text: str, value: Value) -> str:
    old = _yaml.parse(text)
    items, _ = _outlined(_yaml.significant(text), 0)
    lines: list[str | None] = list(text.split("\n"))
    if isinstance(old, dict) and isinstance(value, dict):
        _edit(lines, items, old, value)
    after = "\n".join(line for line in lines if line is not None)
    if _even(_yaml.parse(after)) != _even(value):
        raise GuestError("the YAML cannot be changed line by line")
    return after


def _outlined(lines: list[Line], at: int) -> tuple[tuple[_Item, ...], int]:
    """Return the keys at the indent of line ``at``, and where they end."""
    found: list[_Item] = []
    indent = lines[at].indent if lines else 0
    while at < len(lines) and lines[at].indent == indent and not _yaml.is_item(lines[at]):
        pair = _yaml.key_of(lines[at])
        if pair is None:
            break
        start = at
        items: tuple[_Item, ...] = ()
        at += 1
        if pair[1]:
            at = _after_scalar(lines, at, indent, pair[1])
        elif at < len(lines) and lines[at].indent >= indent and _yaml.is_item(lines[at]):
            at = _after_sequence(lines, at)
        elif at < len(lines) and lines[at].indent > indent:
            items, at = _outlined(lines, at)
            at = at if items else _after_scalar(lines, at + 1, indent, lines[at].text)
        found.append(_Item(pair[0], indent, lines[start].number - 1, lines[at - 1].number, items))
    return tuple(found), at


def _after_scalar(lines: list[Line], at: int, indent: int, text: str) -> int:
    flow = Flow()
    flow.add(text)
    while at < len(lines) and (lines[at].indent > indent or flow.is_open):
        flow.add(lines[at].text)
        at += 1
    return at


def _after_sequence(lines: list[Line], at: int) -> int:
    indent = lines[at].indent
    while at < len(lines) and (
        lines[at].indent > indent or (lines[at].indent == indent and _yaml.is_item(lines[at]))
    ):
        at += 1
    return at


def _edit(
    lines: list[str | None], items: tuple[_Item, ...], old: dict[str, Value], new: dict[str, Value]
) -> None:
    """Change the lines of one mapping."""
    for item in items:
        before, after = old.get(item.key), new.get(item.key)
        if item.key not in new:
            _disable(lines, item)
        elif _even(before) == _even(after):
            continue
        elif item.items and isinstance(before, dict) and isinstance(after, dict) and after:
            _edit(lines, item.items, before, after)
        else:
            _replace(lines, item, f"{_scalar(item.key)}: {_flow(new[item.key])}")
    added = [key for key in new if key not in old]
    if items and added:
        first = items[0]
        texts = [f"{' ' * first.indent}{_scalar(key)}: {_flow(new[key])}" for key in added]
        lines[first.start] = "\n".join([*texts, lines[first.start] or ""])


def _disable(lines: list[str | None], item: _Item) -> None:
    for number in range(item.start, item.stop):
        line = lines[number] or ""
        if line.strip() and not line.lstrip().startswith("#"):
            lines[number] = _network.disabled(line)


def _replace(lines: list[str | None], item: _Item, text: str) -> None:
    for number in range(item.start, item.stop):
        is_comment = (lines[number] or "").lstrip().startswith("#")
        lines[number] = lines[number] if is_comment else None
    lines[item.start] = " " * item.indent + text


def _flow(value: Value) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value) if value else "{}"


def _scalar(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    return '"' + "".join(ESCAPED.get(mark, mark) for mark in text) + '"'


def _even(value: Value | None) -> Value:
    """Return a value in which all that is empty is the same."""
    if isinstance(value, dict):
        return {key: _even(each) for key, each in value.items()} or ""
    if isinstance(value, list):
        return [_even(each) for each in value] or ""
    return value or ""
