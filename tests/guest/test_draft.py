# SPDX-License-Identifier: Apache-2.0
"""Drafts: what fix-ups see of each other, and what becomes an edit."""

from __future__ import annotations

import base64
import hashlib

import pytest
from tests.guest.trees import tree_of

from vmferry.errors import GuestError
from vmferry.guest.draft import Draft
from vmferry.model.fixup import Action, Edit, Reason


def draft_of(files: dict[str, str | bytes]) -> Draft:
    draft = Draft(tree_of(files))
    draft.begin("one")
    return draft


def test_one_file_is_one_edit_with_every_reason() -> None:
    draft = draft_of({"etc": "->usr/etc", "usr/etc/conf": "a\nb\n"})
    draft.write("/etc/conf", "A\nb\n", "a is old")
    draft.begin("two")
    assert draft.text("/usr/etc/conf") == "A\nb\n"
    draft.write("/usr/etc/conf", "A\nB\n", "b too")
    assert draft.edits() == (
        Edit(
            path="/usr/etc/conf",
            action=Action.WRITE,
            reasons=(Reason(fixup="one", why="a is old"), Reason(fixup="two", why="b too")),
            before="a\nb\n",
            after="A\nB\n",
            size=4,
            digest=hashlib.sha256(b"a\nb\n").hexdigest(),
            backup=".conf.before-vmferry",
        ),
    )


def test_what_ends_as_it_was_is_no_edit() -> None:
    draft = draft_of({"a": "x"})
    draft.write("/a", "x", "nothing")
    draft.write("/b", "y", "made")
    draft.remove("/b", "and gone")
    draft.remove("/c", "was never there")
    assert draft.edits() == ()
    assert draft.names("/") == ["a"]


def test_removed_made_and_linked() -> None:
    draft = draft_of({"d/a": "x", "d/l": "->a", "d/.a.before-vmferry": "older"})
    draft.remove("/d/a", "old")
    draft.write("/d/new/b", b"\xff\n", "new", mode=0o600)
    draft.link("/d/l", "/dev/null", "masked")
    assert draft.names("/d") == [".a.before-vmferry", "l"]
    assert draft.data("/d/a") is None
    assert draft.data("/d/new/b") == b"\xff\n"
    assert draft.target("/d/l") == "/dev/null"
    assert (draft.exists("/d/a"), draft.exists("/d/l"), draft.exists("/d/new/b")) == (
        False,
        True,
        True,
    )
    a, link, made = draft.edits()
    assert (a.action, a.before, a.backup) == (Action.REMOVE, "x", ".a.before-vmferry.2")
    assert (link.action, link.before, link.after, link.digest) == (
        Action.LINK,
        "a",
        "/dev/null",
        "",
    )
    assert (made.before, made.after, made.mode, made.backup) == (None, "\udcff\n", 0o600, "")


def test_what_is_appended() -> None:
    draft = draft_of({"boot/initrd": b"\0\1"})
    draft.append("/boot/initrd", b"\2", "no driver")
    assert draft.data("/boot/initrd") == b"\0\1\2"
    with pytest.raises(GuestError, match="/boot/none: is not there"):
        draft.append("/boot/none", b"\2", "no driver")
    (edit,) = draft.edits()
    assert (edit.action, edit.before, edit.after) == (
        Action.APPEND,
        "",
        base64.b64encode(b"\2").decode(),
    )
    assert edit.size == 2


def test_a_fixup_that_fails_leaves_nothing() -> None:
    draft = draft_of({"a": "x"})
    draft.write("/a", "y", "good")
    draft.begin("two")
    draft.write("/a", "z", "half")
    draft.undo()
    draft.note("cannot")
    assert draft.text("/a") == "y"
    assert draft.notes == ["two: cannot"]


@pytest.mark.parametrize("path", ["/lost", "/folder", "/file/below"])
def test_no_file_can_be_there(path: str) -> None:
    draft = draft_of({"lost": "->none", "folder/x": "", "file": ""})
    with pytest.raises(GuestError, match="expected a file"):
        draft.write(path, "x", "why")
