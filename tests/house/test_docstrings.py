# SPDX-License-Identifier: Apache-2.0
"""Every public name says what it is, and every file says its licence.

Ruff's ``D`` rules check the form; this looks at what they leave out: private modules, and the first
line of every file. Source of the first line: REUSE specification 3.3, SPDX-License-Identifier.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.house.tree import ROOT, demand_none, parse, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPDX: Final = "# SPDX-License-Identifier: Apache-2.0"

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def silent(root: Path, *folders: str) -> list[str]:
    """Return the modules and public names without a docstring."""
    found = []
    for path in python_files(root, *folders):
        where = path.relative_to(root)
        module = parse(path)
        if not ast.get_docstring(module):
            found.append(f"{where}: the module has no docstring")
        found += [
            f"{where}:{node.lineno}: {name} has no docstring"
            for name, node in _public(module)
            if not ast.get_docstring(node)
        ]
    return found


def unlicensed(root: Path, *paths: Path) -> list[str]:
    """Return the files whose first line (second, below a ``#!``) is not the SPDX line."""
    found = []
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()[:2]
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        if not lines or lines[0] != SPDX:
            found.append(f"{path.relative_to(root)}: expected {SPDX!r} first")
    return found


def _public(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_") or _is_variant(child):
            continue
        yield prefix + child.name, child
        if isinstance(child, ast.ClassDef):
            yield from _public(child, f"{prefix}{child.name}.")


def _is_variant(node: Definition) -> bool:
    """Overloads, setters and overriding methods are described where the name is."""
    words = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(words & {"overload", "override", "setter", "deleter"})


def test_every_public_name_of_the_source_has_a_docstring() -> None:
    demand_none(silent(ROOT, "src", "tools", "bench"))


def test_every_test_module_has_a_docstring() -> None:
    modules = [path for path in python_files(ROOT, "tests") if not ast.get_docstring(parse(path))]
    assert modules == []


def test_every_file_says_its_licence() -> None:
    sources = [*python_files(ROOT, "src", "tests", "tools", "bench"), *ROOT.glob("tools/*.sh")]
    demand_none(unlicensed(ROOT, *sources, ROOT / "Makefile", ROOT / ".ci" / "run"))


def test_a_silent_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(
        '"""A module."""\n'
        "class Loud:\n"
        '    """Says it."""\n'
        "    def quiet(self): return 1\n"
        "    def _private(self): return 1\n"
        "    @override\n"
        "    def inherited(self): return 1\n"
        "def mute(): return 1\n"
    )
    (tmp_path / "src" / "b.py").write_text("X = 1\n")
    assert silent(tmp_path, "src") == [
        "src/a.py:4: Loud.quiet has no docstring",
        "src/a.py:8: mute has no docstring",
        "src/b.py: the module has no docstring",
    ]


def test_a_file_without_licence_is_refused(tmp_path: Path) -> None:
    good, program, bad = (tmp_path / name for name in ("good.py", "program", "bad.py"))
    good.write_text(f"{SPDX}\n")
    program.write_text(f"#!/usr/bin/env python3\n{SPDX}\n")
    bad.write_text('"""No line."""\n')
    assert unlicensed(tmp_path, good, program, bad) == [f"bad.py: expected {SPDX!r} first"]
