# SPDX-License-Identifier: Apache-2.0
"""A grub.cfg run as far as it makes a menu: conditions, variables, entries, submenus.

Source: GNU GRUB manual 2.12, "Shell-like scripting", "menuentry", "submenu".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from vmferry.guest.bootloaders import MOST_ENTRIES, _script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Level = tuple[int, str, str]
"""Of one menu: the number from 0, the title, the identity."""

LINUX: Final = ("linux", "linux16", "linuxefi")
INITRD: Final = ("initrd", "initrd16", "initrdefi")
WITH_VALUE: Final = ("--class", "--users", "--hotkey", "--source")
ID: Final = ("--id", "$menuentry_id_option")
DEEPEST: Final = 64


@dataclass(slots=True)
class Item:
    """One entry.

    Attributes:
        title: As the menu shows it.
        identity: What ``--id`` says.
        path: Its place in the menu and in those above, the outermost first.
        kernel: The words behind ``linux``.
        initramfs: The words behind ``initrd``.
        is_bls: Whether it stands for the entries of ``blscfg``.
    """

    title: str
    identity: str
    path: tuple[Level, ...]
    kernel: list[str] = field(default_factory=list)
    initramfs: list[str] = field(default_factory=list)
    is_bls: bool = False


@dataclass(slots=True)
class _Block:
    """What a ``}``, ``fi`` or ``done`` ends: its kind, and whether its commands run."""

    kind: str
    runs: bool
    held: bool = False
    item: Item | None = None


class Menu:
    """What a script makes; ``is_too_long`` if it is more than any menu has.

    Args:
        variables: Of the environment block.
        exists: Tells whether a file is there.
    """

    def __init__(self, variables: dict[str, str], exists: Callable[[str], bool]) -> None:
        self._environment = variables
        self._exists = exists
        self._blocks: list[_Block] = []
        self._levels: list[Level] = []
        self._counts = [0]
        self.variables = {
            "feature_menuentry_id": "y",
            "menuentry_id_option": "--id",
            "prefix": "/boot/grub2",
        }
        self.items: list[Item] = []
        self.is_too_long = False

    def step(self, command: str) -> None:
        """Run one command."""
        name = command.split(None, 1)[0]
        if name in ("if", "elif", "else", "fi", "then"):
            self._condition(name, command)
        elif name == "}":
            self._end()
        elif command.endswith("{"):
            self._begin(name, command)
        elif self._runs:
            self._run(_script.words(command, self.variables))

    @property
    def _runs(self) -> bool:
        return all(block.runs for block in self._blocks[-1:])

    def _open(self, block: _Block) -> None:
        if len(self._blocks) >= DEEPEST:
            self.is_too_long = True
        else:
            self._blocks.append(block)

    def _condition(self, name: str, command: str) -> None:
        if name == "if":
            outer = self._runs
            held = outer and self._holds(command)
            self._open(_Block("if" if outer else "dead", held, held))
        elif name == "then":
            if len(command) > len("then "):
                self.step(command[len("then") :].strip())
        elif self._blocks and self._blocks[-1].kind in ("if", "dead"):
            block = self._blocks[-1]
            if name == "fi":
                self._blocks.pop()
            elif block.kind == "if":
                block.runs = not block.held and (name == "else" or self._holds(command))
                block.held = block.held or block.runs
                if name == "else" and len(command) > len("else "):
                    self.step(command[len("else") :].strip())

    def _holds(self, command: str) -> bool:
        test = command.split(None, 1)[1:]
        words = _script.words(test[0], self.variables) if test else []
        return bool(words) and words[0] in ("[", "test") and _script.holds(words, self._exists)

    def _begin(self, name: str, command: str) -> None:
        if not self._runs or name not in ("menuentry", "submenu"):
            self._open(_Block("block", runs=False))
            return
        level = self._level(_script.words(command[:-1], self.variables)[1:])
        self._counts[-1] += 1
        if name == "submenu":
            self._levels.append(level)
            self._counts.append(0)
            self._open(_Block("submenu", runs=True))
            return
        item = Item(level[1], level[2], (*self._levels, level))
        self._add(item)
        self._open(_Block("menuentry", runs=True, item=item))

    def _level(self, words: Sequence[str]) -> Level:
        title, identity = "", ""
        rest = iter(words)
        for word in rest:
            if word in ID:
                identity = next(rest, "")
            elif word in WITH_VALUE:
                next(rest, "")
            elif not word.startswith("--") and not title:
                title = word
        return self._counts[-1], title, identity

    def _add(self, item: Item) -> None:
        self.items.append(item)
        self.is_too_long = self.is_too_long or len(self.items) > MOST_ENTRIES

    def _end(self) -> None:
        if not self._blocks or self._blocks[-1].kind in ("if", "dead"):
            return
        if self._blocks.pop().kind == "submenu":
            self._levels.pop()
            self._counts.pop()

    def _run(self, words: list[str]) -> None:
        if not words:
            return
        name, *rest = words
        item = next((block.item for block in reversed(self._blocks) if block.item), None)
        if name == "set" and rest:
            variable, _, value = rest[0].partition("=")
            self.variables[variable[:64]] = value
        elif name == "load_env":
            self.variables |= self._environment
        elif name == "blscfg":
            self._add(Item("", "", ((self._counts[-1], "", ""),), is_bls=True))
        elif item is not None and name in LINUX:
            item.kernel = rest
        elif item is not None and name in INITRD:
            item.initramfs = rest


def run(text: str, variables: dict[str, str], exists: Callable[[str], bool]) -> Menu:
    """Return the menu that a script makes."""
    menu = Menu(variables, exists)
    for _, command in islice(_script.commands(text), _script.MOST_COMMANDS):
        if menu.is_too_long:
            break
        menu.step(command)
    return menu
