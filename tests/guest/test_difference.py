# SPDX-License-Identifier: Apache-2.0
"""What people are shown of an edit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vmferry.guest.difference import LONGEST, difference, shown
from vmferry.model.fixup import Action, Edit, Plan, Reason

OF_FF = "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89"
EDIT = Edit(
    path="/etc/fstab",
    action=Action.WRITE,
    reasons=(Reason(fixup="fstab", why="line 1: old"),),
    before="a\nb\nc\nd\n",
    after="a\nB\nc\nd",
    size=8,
    digest="12ab",
    backup=".fstab.before-vmferry",
)


def test_text_is_a_unified_diff() -> None:
    assert difference(EDIT) == (
        "--- a/etc/fstab\n+++ b/etc/fstab\n@@ -1,4 +1,4 @@\n a\n-b\n+B\n c\n-d\n+d\n"
        "\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (
            replace(EDIT, before=None, after="x\n", digest=""),
            "--- /dev/null\n+++ b/etc/fstab\n@@ -0,0 +1 @@\n+x\n",
        ),
        (
            replace(EDIT, action=Action.REMOVE, before="x\n", after=""),
            "--- a/etc/fstab\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
        ),
        (
            replace(EDIT, action=Action.REMOVE, before="../x", after="", digest=""),
            "/etc/fstab: the link to ../x is removed\n",
        ),
        (
            replace(EDIT, action=Action.LINK, after="/dev/null"),
            "/etc/fstab: becomes a link to /dev/null instead of a file of 8 bytes\n",
        ),
        (
            replace(EDIT, action=Action.LINK, after="/dev/null", digest="", before="x"),
            "/etc/fstab: becomes a link to /dev/null instead of one to x\n",
        ),
        (
            replace(EDIT, action=Action.LINK, after="x", digest="", before=None),
            "/etc/fstab: becomes a link to x\n",
        ),
        (
            replace(EDIT, action=Action.APPEND, before="", after="AAAA", size=2048),
            "/etc/fstab: 3 bytes are added to 2 KiB\n",
        ),
        (
            replace(EDIT, after="\udcff"),
            f"/etc/fstab: 8 bytes, SHA-256 12ab becomes 1 bytes, SHA-256 {OF_FF}\n",
        ),
    ],
)
def test_other_edits(edit: Edit, text: str) -> None:
    assert difference(edit) == text


def test_a_long_difference_is_cut() -> None:
    text = difference(replace(EDIT, after="x\n" * LONGEST))
    assert len(text) < LONGEST + 100
    assert "characters\n" in text[-30:]


def test_a_plan() -> None:
    found = shown(Plan(edits=(EDIT,), notes=("grub: no menu",)))
    assert found["notes"] == ["grub: no menu"]
    (edit,) = found["edits"]
    assert edit["difference"] == difference(EDIT)
    del edit["difference"]
    assert edit == {
        "path": "/etc/fstab",
        "action": "write",
        "backup": ".fstab.before-vmferry",
        "reasons": [{"fixup": "fstab", "why": "line 1: old"}],
    }
