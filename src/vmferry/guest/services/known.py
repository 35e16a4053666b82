# SPDX-License-Identifier: Apache-2.0
"""The programs that a guest is asked for: ``known.toml`` beside this module.

It is read when the module is imported: the process that looks at guests can open no file later.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from vmferry.guest.settings import Settings


class Program(NamedTuple):
    """One program.

    Attributes:
        name: What the facts call it.
        files: Any of them is there only if it is installed.
        units: Any of them is enabled only if it starts with the machine.
    """

    name: str
    files: tuple[str, ...]
    units: tuple[str, ...]


def _read() -> dict[str, tuple[Program, ...]]:
    document = tomllib.loads(Path(__file__).with_name("known.toml").read_bytes().decode())
    return {
        kind: tuple(
            Program(name, tuple(entry.get("files", ())), tuple(entry.get("units", ())))
            for name, entry in programs.items()
        )
        for kind, programs in document.items()
    }


KNOWN: Final = _read()
"""The programs of each kind, in the order of their names."""


def installed(kind: str, settings: Settings) -> tuple[str, ...]:
    """Return the programs of ``kind`` that the guest has, by any of their files."""
    return tuple(
        program.name
        for program in KNOWN[kind]
        if any(settings.exists(path) for path in program.files)
    )


def enabled(kind: str, units: Collection[str]) -> tuple[str, ...]:
    """Return the programs of ``kind`` of which a unit is among the enabled ``units``."""
    return tuple(
        program.name for program in KNOWN[kind] if any(unit in units for unit in program.units)
    )
