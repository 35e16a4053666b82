# SPDX-License-Identifier: Apache-2.0
"""Sections and keys as systemd's units and the keyfiles of GLib have them; a key may come again.

Sources: systemd.syntax(7): comments with ``#`` and ``;``, a backslash at the end goes on; Desktop
Entry Specification, which GKeyFile follows.
"""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """One assignment: its section and key as written, its value without blanks around it."""

    section: str
    key: str
    value: str


def parse(text: str) -> list[Setting]:
    """Return the assignments in order; what is none is passed over."""
    found = []
    section = ""
    for raw in text.replace("\\\n", " ").split("\n"):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found.append(Setting(section, key.strip(), value.strip()))
    return found


def values(settings: list[Setting], section: str, key: str) -> list[str]:
    """Return what a key that may come again was set to; an empty value forgets those before."""
    found: list[str] = []
    for setting in settings:
        if (setting.section, setting.key) == (section, key):
            if setting.value:
                found.append(setting.value)
            else:
                found.clear()
    return found


def value(settings: list[Setting], section: str, key: str, default: str = "") -> str:
    """Return what a key was set to last."""
    return next(iter(values(settings, section, key)[-1:]), default)
