# SPDX-License-Identifier: Apache-2.0
"""Fragments in ``changes/`` can be put together into the notes of a release as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.house.tree import ROOT, demand_none

if TYPE_CHECKING:
    from pathlib import Path

KINDS: Final = ("feature", "change", "fix", "removal", "security")

_NAME: Final = re.compile(rf"\d+(\.\d+)?\.({'|'.join(KINDS)})\.md")
LINE_LENGTH: Final = 120


def malformed(folder: Path) -> list[str]:
    """Return what is wrong with a folder's fragments."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name == "README.md":
            continue
        if not _NAME.fullmatch(path.name):
            found.append(f"{path.name}: expected ISSUE.KIND.md with KIND one of {', '.join(KINDS)}")
            continue
        text = path.read_text(encoding="utf-8")
        if not re.match(r"[A-Z`][^\n]*\S", text) or not text.endswith("\n"):
            found.append(f"{path.name}: expected a sentence first and a newline last")
        if re.search(r"^#", text, re.MULTILINE):
            found.append(f"{path.name}: headings are the release's, expected none")
        if any(len(line) > LINE_LENGTH for line in text.splitlines()):
            found.append(f"{path.name}: expected lines of at most {LINE_LENGTH} characters")
    return found


def test_every_fragment_is_well_formed() -> None:
    demand_none(malformed(ROOT / "changes"))


def test_a_malformed_fragment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# anything\n")
    (tmp_path / "1.feature.md").write_text("Disks can be imported.\n")
    (tmp_path / "news.md").write_text("Something.\n")
    (tmp_path / "2.fix.md").write_text("")
    (tmp_path / "3.fix.md").write_text("Mended.\n# Heading\n" + "x" * 121 + "\n")
    assert malformed(tmp_path) == [
        "2.fix.md: expected a sentence first and a newline last",
        "3.fix.md: headings are the release's, expected none",
        "3.fix.md: expected lines of at most 120 characters",
        "news.md: expected ISSUE.KIND.md with KIND one of feature, change, fix, removal, security",
    ]
