# SPDX-License-Identifier: Apache-2.0
"""The modules of a guest's kernel, as its depmod wrote them down, and the same of fewer of them.

An initramfs has its own lists, of the modules in it. One program makes them by depmod, another
copies them, a third leaves the texts out, and a fourth unpacks the modules, so that their names
differ. So they are made anew from the guest's lists for what is there afterwards.

Sources: modules.dep(5), depmod(8), modprobe.d(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest.initramfs.index import index
from vmferry.model.fixup import decode, encode
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vmferry.guest.draft import Draft

LONGEST_LIST: Final = 4 * MIB
"""Debian 12's modules.alias has 1.3 MB, modules.dep 0.6."""

LONGEST_ALIAS: Final = 600
"""Of a line. Those of real modules have up to 120 characters."""

SUFFIX: Final = re.compile(r"\.ko(?:\.(?:gz|xz|zst))?$")
DEP: Final = "modules.dep"
ALIAS: Final = "modules.alias"
SOFTDEP: Final = "modules.softdep"
BUILTIN: Final = ("modules.builtin", "modules.builtin.bin")
"""Copied as they are where an initramfs has no lists at all."""

BRACKETS: Final = re.compile(r"\[[^]]*\]|-")


def name_of(path: str) -> str:
    """Return a module's name by its path, ``""`` if it is none."""
    name = path.rpartition("/")[2]
    bare = SUFFIX.sub("", name)
    return "" if bare == name else bare.replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The modules of one kernel.

    Attributes:
        folder: Where they are in the guest.
        release: Of the kernel.
        paths: Of each by its name, from the folder on.
        needs: The paths of what has to be loaded before each, the nearest first, as listed.
        wishes: What should be loaded with it, if it is there.
        built_in: Those that are part of the kernel's image.
        absolute: Whether the lists name them from the root on, as those of old programs.
        indexed: Whether the guest's programs use indexes.
    """

    folder: str
    release: str
    paths: Mapping[str, str]
    needs: Mapping[str, str]
    wishes: Mapping[str, tuple[str, ...]]
    built_in: frozenset[str]
    absolute: bool
    indexed: bool

    def closure(self, names: Iterable[str]) -> list[str]:
        """Return the modules of ``names`` and what they need, each after what it needs."""
        found: dict[str, None] = {}
        todo = [(name, False) for name in reversed(list(names))]
        seen: set[str] = set()
        while todo:
            name, is_ready = todo.pop()
            if is_ready:
                found[name] = None
            elif name in self.paths and name not in seen:
                seen.add(name)
                todo.append((name, True))
                others = (*self.wishes.get(name, ()), *reversed(self.needed(name)))
                todo += [(other, False) for other in reversed(others)]
        return list(found)

    def needed(self, name: str) -> list[str]:
        """Return the names of what has to be loaded before a module, the nearest first."""
        return list(filter(None, map(name_of, self.needs.get(name, "").split())))


def read(draft: Draft, release: str) -> Modules | None:
    """Return the modules of a kernel, ``None`` if the guest has no list of them.

    Raises:
        GuestError: A list is longer than any, or names a module that is somewhere else.
    """
    folder = f"/lib/modules/{release}"
    listed = _lines(draft, folder, DEP)
    if not listed:
        return None
    parted = (line.partition(":") for line in listed)
    parsed = [(name_of(path), path, needs) for path, _, needs in parted]
    return Modules(
        folder=folder,
        release=release,
        paths={name: _below(path, folder) for name, path, _ in parsed if name},
        needs={name: needs for name, _, needs in parsed},
        wishes=dict(_wishes(_lines(draft, folder, SOFTDEP))),
        built_in=frozenset(map(name_of, _lines(draft, folder, BUILTIN[0]))),
        absolute=listed[0].startswith("/"),
        indexed=draft.exists(f"{folder}/{DEP}.bin"),
    )


def _lines(draft: Draft, folder: str, name: str) -> list[str]:
    data = draft.data(f"{folder}/{name}", LONGEST_LIST) or b""
    return [line for line in decode(data).split("\n") if line.strip() and not line.startswith("#")]


def _below(path: str, folder: str) -> str:
    relative = path.removeprefix(f"{folder}/")
    if relative.startswith("/") or ".." in relative.split("/"):
        raise GuestError(f"{folder}/{DEP}: names {path[:100]}, which is in another folder")
    return relative


def _wishes(lines: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what ``softdep NAME pre: … post: …`` says; both are wanted early."""
    for line in lines:
        word, *rest = line.split()
        if word == "softdep" and rest:
            others = (each.replace("-", "_") for each in rest[1:] if not each.endswith(":"))
            yield rest[0].replace("-", "_"), tuple(others)


def lists(draft: Draft, modules: Modules, present: Mapping[str, str]) -> dict[str, bytes]:
    """Return the lists of an initramfs by their names.

    Args:
        draft: The guest.
        modules: Its kernel's.
        present: The modules that are in the initramfs by name, with their paths from the folder on.
    """
    dep = dict(_dependencies(modules, present))
    aliases = [
        line
        for line in _lines(draft, modules.folder, ALIAS)
        if len(line) <= LONGEST_ALIAS and line.rpartition(" ")[2].replace("-", "_") in present
    ]
    softdeps = [
        line
        for line in _lines(draft, modules.folder, SOFTDEP)
        if line.split()[1:2] and line.split()[1].replace("-", "_") in present
    ]
    found = {DEP: _text(dep.values()), ALIAS: _text(aliases), SOFTDEP: _text(softdeps)}
    if modules.indexed:
        found[f"{DEP}.bin"] = index(dep.items())
        found[f"{ALIAS}.bin"] = index(_pair(line) for line in aliases)
    return found


def _dependencies(modules: Modules, present: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names of modules, and the lines of those that are ``present``."""
    root = f"{modules.folder}/" if modules.absolute else ""
    for name, path in present.items():
        needs = (f" {root}{present[each]}" for each in modules.needed(name) if each in present)
        yield name, f"{root}{path}:{''.join(needs)}"


def _pair(line: str) -> tuple[str, str]:
    """Return an alias as it is looked for, with ``_`` for ``-`` outside of brackets; its module."""
    alias, _, name = line.removeprefix("alias ").rpartition(" ")
    return BRACKETS.sub(lambda found: found[0].replace("-", "_", found[0] == "-"), alias), name


def _text(lines: Iterable[str]) -> bytes:
    return encode("".join(f"{line}\n" for line in lines))
