# SPDX-License-Identifier: Apache-2.0
"""The source tree as the house tests see it: files, parsed once, and what they define.

Every rule of the house is a function from a tree to the list of its violations, so that a test can
also show it a tree that breaks the rule.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
"""The project's root."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    """Yield every Python file below ``root``'s folders, sorted; programs without suffix too."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and (path.suffix == ".py" or _is_python_program(path)):
                yield path


def _is_python_program(path: Path) -> bool:
    if path.suffix:
        return False
    with path.open("rb") as file:
        line = file.readline(80)
    return line.startswith(b"#!") and b"python" in line


def demand_none(violations: list[str]) -> None:
    """Fail the test with every violation on a line of its own."""
    if violations:
        pytest.fail("\n".join(violations), pytrace=False)


@functools.cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body(function: Function) -> list[ast.stmt]:
    """Return the statements of a function without its docstring."""
    statements = function.body
    return statements[1:] if ast.get_docstring(function, clean=False) is not None else statements


def has_code(tree: ast.Module) -> bool:
    """Say whether a module has a function that does something: seams and plain values have none."""
    return any(_does_something(statement) for f in functions(tree) for statement in body(f))


def _does_something(statement: ast.stmt) -> bool:
    is_ellipsis = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not (is_ellipsis or isinstance(statement, ast.Pass))
