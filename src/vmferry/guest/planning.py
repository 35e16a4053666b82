# SPDX-License-Identifier: Apache-2.0
"""The plan of a guest's fix-ups; made in the child process only, after a look.

disks ─▶ sight (facts, files) ─▶ draft ─▶ each fix-up ─▶ edits, and where they are mounted
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest.draft import Draft
from vmferry.guest.fixups import all_fixups
from vmferry.guest.look import see
from vmferry.model.fixup import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmferry.guest.window import Readable
    from vmferry.model.fixup import Choices, Edit, GuestMount
    from vmferry.model.guest import GuestFacts

FIXUPS: Final = all_fixups()
"""Found at import: the process that plans can open no module."""


def plan(disks: Sequence[Readable], choices: Choices) -> Plan:
    """Return what the chosen fix-ups would change.

    Raises:
        GuestError: No machine that can be imported is on ``disks``.
    """
    sight = see(disks)
    draft = Draft(sight.tree)
    draw(draft, sight.facts, choices)
    edits = draft.edits()
    return Plan(edits=edits, mounts=_needed(sight.mounts, edits), notes=tuple(draft.notes))


def _needed(mounts: Sequence[GuestMount], edits: Sequence[Edit]) -> tuple[GuestMount, ...]:
    """Return the root, and those of ``mounts`` that hold what is edited."""
    paths = {mount.path for mount in mounts}
    holding = {"/"}
    for edit in edits:
        parts = edit.path.split("/")
        above = ("/".join(parts[:end]) for end in range(len(parts) - 1, 1, -1))
        holding.add(next((path for path in above if path in paths), "/"))
    return tuple(mount for mount in mounts if mount.path in holding)


def draw(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Let the chosen fix-ups edit ``draft``; one that cannot do its work leaves a note."""
    for fixup in FIXUPS:
        if fixup.name not in choices.fixups:
            continue
        draft.begin(fixup.name)
        try:
            fixup.plan(draft, facts, choices)
        except GuestError as error:
            draft.undo()
            draft.note(error.message)
