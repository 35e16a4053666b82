# SPDX-License-Identifier: Apache-2.0
"""Files and functions stay small enough to be read in one go (design.md and HACKING.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.house.tree import ROOT, Function, body, demand_none, functions, parse, python_files

if TYPE_CHECKING:
    from pathlib import Path

FILE_LINES: Final = 500
FUNCTION_LINES: Final = 40


def long_files(root: Path, *folders: str) -> list[str]:
    """Return the files over the limit."""
    counts = ((path, len(path.read_text().splitlines())) for path in python_files(root, *folders))
    return [
        f"{path.relative_to(root)}: {count} lines, at most {FILE_LINES}; make it a folder"
        for path, count in counts
        if count > FILE_LINES
    ]


def long_functions(root: Path, *folders: str) -> list[str]:
    """Return the functions over the limit; a docstring does not count, it is no reason to cut."""
    return [
        f"{path.relative_to(root)}:{function.lineno}: {function.name} has "
        f"{_lines(function)} lines, at most {FUNCTION_LINES}"
        for path in python_files(root, *folders)
        for function in functions(parse(path))
        if _lines(function) > FUNCTION_LINES
    ]


def _lines(function: Function) -> int:
    end = function.end_lineno or function.lineno
    statements = body(function)
    docstring = function.body[0]
    in_docstring = 0
    if len(statements) < len(function.body):
        in_docstring = (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return end - function.lineno + 1 - in_docstring


def test_no_file_is_too_long() -> None:
    demand_none(long_files(ROOT, "src", "tests", "tools", "bench"))


def test_no_function_is_too_long() -> None:
    demand_none(long_functions(ROOT, "src", "tools", "bench"))


def test_a_long_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "long.py").write_text("x = 1\n" * 501)
    (tmp_path / "src" / "short.py").write_text("x = 1\n" * 500)
    assert long_files(tmp_path, "src") == ["src/long.py: 501 lines, at most 500; make it a folder"]


def test_a_long_function_is_refused_and_its_docstring_is_free(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    doc = '    """Say it.\n\n' + "    more\n" * 30 + '    """\n'
    (tmp_path / "src" / "a.py").write_text("def fits():\n" + doc + "    x = 1\n" * 39)
    (tmp_path / "src" / "b.py").write_text("class C:\n  def over(self):\n" + "    x = 1\n" * 40)
    assert long_functions(tmp_path, "src") == ["src/b.py:2: over has 41 lines, at most 40"]
