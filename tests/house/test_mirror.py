# SPDX-License-Identifier: Apache-2.0
"""``tests/`` mirrors ``src/``: whoever reads a module knows where its test is, and the other way.

``src/vmferry/formats/vmdk/reader.py`` has ``tests/formats/vmdk/test_reader.py``; a second test file
of the same module adds a word (``test_reader_oracle.py``); a package's own code (``__init__.py``)
has ``test_init.py``. Modules without code (seams, plain values, tables) need no test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.house.tree import ROOT, demand_none, has_code, parse, python_files

PACKAGE: Final = Path("src") / "vmferry"
OTHER_ROOMS: Final = (
    "bench",
    "browser",
    "contracts",
    "crash",
    "fixtures",
    "flows",
    "guests",
    "hostile",
    "house",
    "protocol",
    "tools",
)
"""Folders of ``tests/`` that look at more than one module."""


def untested(root: Path) -> list[str]:
    """Return the modules with code that have no test module."""
    return [
        f"{path.relative_to(root)}: expected {_test_of(root, path).relative_to(root)}"
        for path in python_files(root, str(PACKAGE))
        if has_code(parse(path)) and not _test_of(root, path).exists()
    ]


def astray(root: Path) -> list[str]:
    """Return the test modules that belong to no module."""
    wanted = [_test_of(root, path) for path in python_files(root, str(PACKAGE))]
    return [
        f"{path.relative_to(root)}: no module of {PACKAGE} has this test"
        for path in python_files(root, "tests")
        if path.name.startswith("test_")
        and path.relative_to(root / "tests").parts[0] not in OTHER_ROOMS
        and not any(_belongs(path, to) for to in wanted)
    ]


def _test_of(root: Path, module: Path) -> Path:
    inside = module.relative_to(root / PACKAGE)
    return root / "tests" / inside.with_name(f"test_{inside.stem.strip('_')}.py")


def _belongs(test: Path, wanted: Path) -> bool:
    same_folder = test.parent == wanted.parent
    return same_folder and (test == wanted or test.stem.startswith(f"{wanted.stem}_"))


def test_every_module_has_its_test() -> None:
    demand_none(untested(ROOT))


def test_every_test_has_its_module() -> None:
    demand_none(astray(ROOT))


def _write(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_a_module_without_test_is_refused(tmp_path: Path) -> None:
    _write(
        tmp_path,
        src__vmferry__disk__reader="def read(): return 1\n",
        src__vmferry__disk__seam="class P:\n    def read(self):\n        'Read.'\n",
        src__vmferry__disk__values="SIZE = 1\n",
    )
    assert untested(tmp_path) == ["src/vmferry/disk/reader.py: expected tests/disk/test_reader.py"]


def test_a_test_without_module_is_refused(tmp_path: Path) -> None:
    _write(
        tmp_path,
        src__vmferry__disk__reader="",
        tests__disk__test_reader="",
        tests__disk__test_reader_oracle="",
        tests__disk__test_ghost="",
        tests__disk__recipe="",
        tests__flows__test_whole="",
    )
    assert astray(tmp_path) == ["tests/disk/test_ghost.py: no module of src/vmferry has this test"]
