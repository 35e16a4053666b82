# SPDX-License-Identifier: Apache-2.0
"""What an edit changes, for people: a unified diff of text, sizes and digests of anything else."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, Any, Final

from vmferry.model.fixup import Action, encode
from vmferry.units import KIB, human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.model.fixup import Edit, Plan

LONGEST: Final = 32 * KIB
"""Characters of one difference: it is kept with the task, and read by people."""

NOTHING: Final = "/dev/null"


def difference(edit: Edit) -> str:
    """Return what ``edit`` changes, as ``diff -u`` shows it."""
    if edit.action is Action.APPEND:
        added = len(edit.after) * 3 // 4 - edit.after.count("=")
        return f"{edit.path}: {human(added)} are added to {human(edit.size)}\n"
    if edit.action is Action.LINK:
        was = "" if edit.before is None else f" instead of {_was(edit)}"
        return f"{edit.path}: becomes a link to {edit.after}{was}\n"
    before = edit.before or ""
    if not _is_text(before) or not _is_text(edit.after):
        return f"{edit.path}: {_digest(edit)}\n"
    if edit.action is Action.REMOVE and not edit.digest:
        return f"{edit.path}: the link to {before} is removed\n"
    names = (
        NOTHING if edit.before is None else f"a{edit.path}",
        NOTHING if edit.action is Action.REMOVE else f"b{edit.path}",
    )
    text = "".join(_lines(before, edit.after, *names))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… {len(text)} characters\n"


def _lines(before: str, after: str, was: str, becomes: str) -> Iterator[str]:
    found = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), was, becomes, n=2
    )
    for line in found:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _was(edit: Edit) -> str:
    return f"a file of {edit.size} bytes" if edit.digest else f"one to {edit.before}"


def _digest(edit: Edit) -> str:
    after = encode(edit.after)
    becomes = f"{len(after)} bytes, SHA-256 {hashlib.sha256(after).hexdigest()}"
    was = f"{edit.size} bytes, SHA-256 {edit.digest}" if edit.digest else "nothing"
    return f"{was} becomes {'nothing' if edit.action is Action.REMOVE else becomes}"


def shown(plan: Plan) -> dict[str, Any]:
    """Return a plan as the task keeps it and ``vmferry check --plan --output json`` prints it.

    ``edits`` [{path, action, backup, reasons [{fixup, why}], difference}] and ``notes``.
    """
    return {
        "edits": [
            {
                "path": edit.path,
                "action": str(edit.action),
                "backup": edit.backup,
                "reasons": [{"fixup": each.fixup, "why": each.why} for each in edit.reasons],
                "difference": difference(edit),
            }
            for edit in plan.edits
        ],
        "notes": list(plan.notes),
    }
