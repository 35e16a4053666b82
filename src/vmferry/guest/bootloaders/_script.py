# SPDX-License-Identifier: Apache-2.0
r"""GRUB's scripts, as far as menus need them: words, variables, conditions and blocks.

Files that a script includes are not followed: what grub-mkconfig writes has its entries in itself,
and those of a custom.cfg come behind them.

Source: GNU GRUB manual 2.12, "Writing full configuration files directly".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Words = list[str]

VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z0-9_?@*#]{1,64})\}|([A-Za-z0-9_?@*#]{1,64}))")
MOST_COMMANDS: Final = 50_000
LONGEST_WORD: Final = 16 * 1024


def commands(text: str) -> Iterator[tuple[int, str]]:
    """Yield ``(line, command)``: a command ends at a line's end, at ``;`` and at braces."""
    number = 1
    for line in text.replace("\\\n", "").split("\n"):
        start = 0
        for end in _ends(line):
            part = line[start:end].strip(" \t\r;")
            if part:
                yield number, part
            start = end
        number += 1


def _ends(line: str) -> Iterator[int]:
    """Yield where commands of a line end: outside quotes at ``;``, and behind a ``{`` or ``}``."""
    quote = ""
    skip = False
    for at, character in enumerate(line):
        if skip:
            skip = False
        elif quote:
            quote = "" if character == quote else quote
            skip = character == "\\" and quote == '"'
        elif character == "\\":
            skip = True
        elif character in "'\"":
            quote = character
        elif character == "#" and (at == 0 or line[at - 1] in " \t;"):
            yield at
            return
        elif character == ";" or _is_brace(line, at):
            yield at + 1
    yield len(line)


def _is_brace(line: str, at: int) -> bool:
    alone = at == 0 or line[at - 1] in " \t;"
    return line[at] in "{}" and alone and line[at + 1 : at + 2] in ("", " ", "\t", "\r", ";", "#")


def words(command: str, variables: dict[str, str]) -> Words:
    """Return the words of a command with its variables replaced, as the shell does."""
    found: Words = []
    word: list[str] | None = None
    at = 0
    size = 0
    while at < len(command) and size < LONGEST_WORD:
        character = command[at]
        if character in " \t":
            if word is not None:
                found.append("".join(word))
                word = None
            at += 1
            continue
        part, at = _part(command, at, variables)
        if word is None and part == "" and character == "$":
            continue
        word = [] if word is None else word
        word.append(part)
        size += len(part)
    if word is not None:
        found.append("".join(word))
    return found


def _part(command: str, at: int, variables: dict[str, str]) -> tuple[str, int]:
    """Return the piece of a word at ``at``, and where it ends."""
    character = command[at]
    if character == "'":
        end = command.find("'", at + 1)
        end = len(command) if end < 0 else end
        return command[at + 1 : end], end + 1
    if character == '"':
        end = at + 1
        while end < len(command) and command[end] != '"':
            end += 2 if command[end] == "\\" else 1
        return expand(command[at + 1 : end], variables).replace('\\"', '"'), end + 1
    if character == "\\":
        return command[at + 1 : at + 2], at + 2
    if character == "$" and (found := VARIABLE.match(command, at)):
        return variables.get(found[1] or found[2], ""), found.end()
    return character, at + 1


def expand(text: str, variables: dict[str, str]) -> str:
    """Return ``text`` with its variables replaced, of an endless one the beginning."""
    return VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)[:LONGEST_WORD]


def holds(test: Words, exists: Callable[[str], bool]) -> bool:
    """Return whether ``[ … ]`` holds; what is not understood does not."""
    match [word for word in test if word not in ("[", "]", "test")]:
        case ["!", *rest]:
            return not holds(rest, exists)
        case [left, ("-o" | "-a") as both, *rest]:
            sides = (bool(left), holds(rest, exists))
            return any(sides) if both == "-o" else all(sides)
        case ["-n", text] | [text]:
            return bool(text)
        case ["-z", text]:
            return not text
        case [("-e" | "-f" | "-s"), path]:
            return exists(path)
        case [left, ("=" | "=="), right]:
            return left == right
        case [left, "!=", right]:
            return left != right
    return False
