# SPDX-License-Identifier: Apache-2.0
"""Fix-ups on guests' files in memory: what they write, and that they write it once."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.guest.test_wire import FACTS
from tests.guest.trees import tree_of

from vmferry.guest import interfaces, services
from vmferry.guest.draft import Draft
from vmferry.guest.settings import Settings
from vmferry.model.fixup import Choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmferry.guest.fixups import Fixup
    from vmferry.model.fixup import Edit
    from vmferry.model.guest import GuestFacts

Files = dict[str, str | bytes]


def facts_of(files: Mapping[str, str | bytes], **known: object) -> GuestFacts:
    """Return facts with what the files say of network and services, and what is ``known``."""
    settings = Settings(tree_of(dict(files)))
    seen = replace(
        FACTS, interfaces=tuple(interfaces.read(settings)), services=services.read(settings)
    )
    return replace(seen, **known)  # type: ignore[arg-type]


def mended(
    fixup: Fixup,
    files: Mapping[str, str | bytes],
    choices: Choices | None = None,
    **known: object,
) -> tuple[Files, Draft]:
    """Return the files as ``fixup`` leaves them, and its draft.

    It is run a second time on what it left, and may then plan nothing: an import of the result of
    an import changes nothing.
    """
    chosen = choices or Choices(fixups=(fixup.name,))
    draft = _drafted(fixup, files, chosen, known)
    after = applied(files, draft.edits())
    assert _drafted(fixup, after, chosen, known).edits() == ()
    return after, draft


def applied(files: Mapping[str, str | bytes], edits: tuple[Edit, ...]) -> Files:
    """Return ``files`` after ``edits``, without the kept originals."""
    found = dict(files)
    for edit in edits:
        path = edit.path.removeprefix("/")
        if edit.action == "remove":
            del found[path]
        elif edit.action == "link":
            found[path] = f"->{edit.after}"
        elif edit.action == "append":
            old = found[path]
            found[path] = (old.encode() if isinstance(old, str) else old) + base64.b64decode(
                edit.after
            )
        else:
            found[path] = edit.after
    return found


def _drafted(
    fixup: Fixup, files: Mapping[str, str | bytes], choices: Choices, known: Mapping[str, object]
) -> Draft:
    draft = Draft(tree_of(dict(files)))
    draft.begin(fixup.name)
    fixup.plan(draft, facts_of(files, **known), choices)
    return draft
