# SPDX-License-Identifier: Apache-2.0
"""Fix-ups of guests. A module here exports ``FIXUP``: one thing that is mended.

A fix-up looks at the facts and at files, and says in a ``Draft`` what should be in them. It runs in
the inspecting process, writes nothing, and must plan nothing for a guest that it has mended: what
it writes is what it looks for. They run in the order of ``rank``, each on the draft of those before
it, so two of them may edit one file.

Source: aws-behaviour.md, 11-R.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from vmferry.errors import SetupError
from vmferry.plugins import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

ALL: Final = "all"
NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixup:
    """One fix-up.

    Attributes:
        name: The module's name, and what the operator switches it off by.
        summary: What it does, for help and documents; one line.
        rank: Lower ones run first; what others build on is below 50.
        plan: Edits the draft. Raises nothing but ``GuestError``, which becomes a note of the plan.
    """

    name: str
    summary: str
    rank: int = 50
    plan: Callable[[Draft, GuestFacts, Choices], None]


@cache
def all_fixups() -> tuple[Fixup, ...]:
    """Return every fix-up in the order in which they run."""
    from vmferry.guest import fixups

    return tuple(
        sorted(find(fixups, "FIXUP", Fixup).values(), key=lambda each: (each.rank, each.name))
    )


def chosen(words: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the fix-ups that ``guest.fixups`` means, in the order in which they run.

    Raises:
        SetupError: One is unknown.
    """
    known = [each.name for each in all_fixups()]
    wanted: set[str] = set()
    for word in words:
        name = word.removeprefix("-")
        if name not in (ALL, NONE, *known):
            raise SetupError(
                f"fixups: {word!r} is unknown, expected {ALL}, {NONE} or one of {', '.join(known)}"
            )
        names = set(known) if name == ALL else {name}
        wanted = wanted - names if word.startswith("-") else wanted | names
    return tuple(name for name in known if name in wanted)
