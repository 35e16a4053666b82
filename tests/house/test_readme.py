# SPDX-License-Identifier: Apache-2.0
"""Every shell block of the documents is run by a test (``documents.py`` says how)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.house.documents import block, blocks
from tests.house.tree import ROOT, demand_none, python_files

if TYPE_CHECKING:
    from pathlib import Path


def unproved(root: Path) -> list[str]:
    """Return the blocks that no test runs."""
    house = root / "tests" / "house"  # speaks of blocks, runs none
    paths = (path for path in python_files(root, "tests") if house not in path.parents)
    tests = "\n".join(path.read_text() for path in paths)
    asked = set(re.findall(r"""\bblock\(["']([a-z0-9-]+)["']\)""", tests))
    found = list(blocks(root))
    times = Counter(each.name for each in found)
    lines = []
    for each in found:
        where = f"{each.document.relative_to(root)}:{each.line}"
        if not each.name:
            lines.append(f"{where}: expected <!-- block: NAME --> above the shell block")
        elif times[each.name] > 1:
            lines.append(f"{where}: the name {each.name!r} is used {times[each.name]} times")
        elif each.name not in asked:
            lines.append(f"{where}: no test asks for block({each.name!r})")
    return lines


def test_every_shell_block_is_run_by_a_test() -> None:
    demand_none(unproved(ROOT))


def _documents(root: Path) -> Path:
    (root / "docs").mkdir()
    (root / "tests").mkdir()
    (root / "README.md").write_text(
        "<!-- block: one -->\n```sh\nmake demo\n```\n\n```sh\nmake test\n```\n\n```json\n{}\n```\n"
    )
    (root / "docs" / "a.md").write_text(
        "<!-- block: two -->\n```sh\ntrue\n```\n<!-- block: ghost -->\n```sh\nfalse\n```\n"
    )
    (root / "docs" / "b.md").write_text("<!-- block: two -->\n```sh\ntrue\n```\n")
    (root / "tests" / "test_flow.py").write_text("run(block('one'))\nrun(block('two'))\n")
    return root


def test_an_unproved_block_is_refused(tmp_path: Path) -> None:
    assert unproved(_documents(tmp_path)) == [
        "README.md:6: expected <!-- block: NAME --> above the shell block",
        "docs/a.md:1: the name 'two' is used 2 times",
        "docs/a.md:5: no test asks for block('ghost')",
        "docs/b.md:1: the name 'two' is used 2 times",
    ]


def test_a_block_is_found_by_its_name(tmp_path: Path) -> None:
    root = _documents(tmp_path)
    assert block("one", root) == "make demo\n"
    with pytest.raises(LookupError, match="no document has a shell block named 'three'"):
        block("three", root)
