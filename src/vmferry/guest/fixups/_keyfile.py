# SPDX-License-Identifier: Apache-2.0
"""Keyfiles and systemd's units that are changed line by line: comments and order stay.

Source: systemd.syntax(7); nm-settings-keyfile(5); ``guest.network._ini`` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmferry.guest.fixups import _network
from vmferry.guest.network import _ini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class _Entry:
    """A section's header (no key) or an assignment, and the numbers of its lines."""

    section: str
    key: str
    value: str
    lines: range


class Keyfile:
    """A file of sections and keys.

    Args:
        text: As it is.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    @property
    def text(self) -> str:
        """The file as it should be."""
        return "\n".join(self._lines)

    def values(self, section: str, key: str) -> list[str]:
        """Return what a key is set to; an empty value forgets those before."""
        return _ini.values(_ini.parse(self.text), section, key)

    def value(self, section: str, key: str, default: str = "") -> str:
        """Return what a key is set to last."""
        return _ini.value(_ini.parse(self.text), section, key, default)

    def has(self, section: str) -> bool:
        """Tell whether a section is there."""
        return any(entry.section == section for entry in self._entries())

    def disable(self, is_old: Callable[[str, str, str], bool]) -> bool:
        """Make comments of assignments; return whether there were any.

        Args:
            is_old: Takes section, key and value; the key and value of a header are ``""``.
        """
        found = False
        for entry in list(self._entries()):
            if is_old(entry.section, entry.key, entry.value):
                found = True
                for number in entry.lines:
                    line = self._lines[number]
                    self._lines[number] = _network.disabled(line.rstrip("\\"))
        return found

    def put(self, section: str, key: str, value: str) -> None:
        """Set a key where it is set last, or below its section's header, or at the end."""
        entries = [entry for entry in self._entries() if entry.section == section]
        same = [entry for entry in entries if entry.key == key]
        if same:
            first, *rest = same[-1].lines
            self._lines[first] = f"{key}={value}"
            for number in reversed(rest):
                del self._lines[number]
        elif entries:
            header = next((entry for entry in entries if not entry.key), entries[0])
            self._lines.insert(header.lines.stop, f"{key}={value}")
        else:
            is_ended = not self._lines[-1]
            added = ["", f"[{section}]", f"{key}={value}"]
            self._lines[len(self._lines) - is_ended :] = [*added, *([""] if is_ended else [])]

    def _entries(self) -> Iterator[_Entry]:
        section = ""
        start = 0
        for number, raw in enumerate(self._lines):
            if raw.endswith("\\") and not raw.lstrip().startswith(("#", ";")):
                continue
            lines, start = range(start, number + 1), number + 1
            line = " ".join(self._lines[each].rstrip("\\") for each in lines).strip()
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
                yield _Entry(section, "", "", lines)
            elif "=" in line and not line.startswith(("#", ";")):
                key, _, value = line.partition("=")
                yield _Entry(section, key.strip(), value.strip(), lines)
