# SPDX-License-Identifier: Apache-2.0
"""ifupdown's /etc/network/interfaces and what it includes; ifupdown2 and busybox read the same.

Source: interfaces(5): a backslash at the end goes on, comments begin a line, ``source`` takes a
pattern, ``source-directory`` the files whose names are letters, digits, ``_`` and ``-``.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from vmferry.guest.network import DHCP, LOOPBACK, Renderer, addresses, masked, method
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.settings import Settings

INTERFACES: Final = "/etc/network/interfaces"
FILE_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
MOST_FILES: Final = 200
INCLUDES: Final = ("source", "source-directory")
ENDS: Final = ("auto", "mapping", "no-auto-down", "rename", *INCLUDES)
"""Words that begin a stanza and end the one before, as every ``allow-…`` does."""


@dataclass(slots=True)
class _Stanza:
    """What an ``iface`` line and the lines below it say."""

    name: str
    method: str
    source: str
    options: list[tuple[str, str]] = field(default_factory=list)

    def addresses(self) -> Iterator[str]:
        """Yield the addresses with their masks."""
        masks = [value for key, value in self.options if key == "netmask"]
        for key, value in self.options:
            if key == "address":
                yield masked(value, masks[0] if masks else "")


def read(settings: Settings) -> Iterator[Interface]:
    """Yield each interface once, whatever the number of its stanzas."""
    stanzas: defaultdict[str, list[_Stanza]] = defaultdict(list)
    for stanza in _stanzas(settings):
        stanzas[stanza.name].append(stanza)
    for name, own in stanzas.items():
        static = addresses(address for stanza in own for address in stanza.addresses())
        yield Interface(
            name=name,
            renderer=RENDERER.name,
            source=own[0].source,
            method=method(any(stanza.method == DHCP for stanza in own), static),
            addresses=static,
        )


def _stanzas(settings: Settings) -> Iterator[_Stanza]:
    for path, lines in files(settings):
        stanza = None
        for word, rest in lines:
            if word == "iface":
                stanza = _begun(rest, path)
                if stanza is not None:
                    yield stanza
            elif word in ENDS or word.startswith("allow-"):
                stanza = None
            elif stanza is not None:
                stanza.options.append((word, rest))


def files(settings: Settings) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the path of the file and of what it includes, each once, and each line's two parts."""
    todo = deque([INTERFACES])
    seen: set[str] = set()
    includes = 0
    while todo:
        path = todo.popleft()
        if path in seen:
            continue
        if max(len(seen), includes) >= MOST_FILES:
            settings.complain(f"{INTERFACES}: includes more than {MOST_FILES} files")
            return
        seen.add(path)
        lines = list(_lines(settings.text(path)))
        yield path, lines
        patterns = [(word, rest) for word, rest in lines if word in INCLUDES]
        for word, rest in patterns[: MOST_FILES - includes]:
            todo += _included(settings, word, rest, path)
        includes += len(patterns)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").split("\n"):
        word, _, rest = line.strip().replace("\t", " ").partition(" ")
        if word and not word.startswith("#"):
            yield word, rest.strip()


def _begun(rest: str, path: str) -> _Stanza | None:
    """Return the stanza of ``iface NAME [FAMILY METHOD] [inherits TEMPLATE]``."""
    name, *words = rest.split() or [LOOPBACK]
    how = words[1] if len(words) > 1 else ""
    return None if name == LOOPBACK else _Stanza(name, how, path)


def _included(settings: Settings, word: str, pattern: str, path: str) -> list[str]:
    """Return the files that a pattern means; only its last part may have wildcards."""
    pattern = pattern.strip("\"'")
    if not pattern.startswith("/"):
        pattern = f"{path.rpartition('/')[0]}/{pattern}"
    if word == "source-directory":
        names = (name for name in settings.names(pattern) if FILE_NAME.fullmatch(name))
        return [f"{pattern.rstrip('/')}/{name}" for name in names]
    folder, _, last = pattern.rpartition("/")
    if not any(wild in last for wild in "*?["):
        return [pattern]
    names = (name for name in settings.names(folder) if fnmatchcase(name, last))
    return [f"{folder}/{name}" for name in names]


RENDERER = Renderer(name="ifupdown", read=read)
