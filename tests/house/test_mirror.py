# SPDX-License-Identifier: Apache-2.0
"""``tests/`` mirrors ``src/``: whoever reads a module knows where its test is, and the other way.

``src/vmferry/formats/vmdk/reader.py`` has ``tests/formats/vmdk/test_reader.py``; a second test file
of the same module adds a word (``test_reader_oracle.py``); the code of ``jobs/__init__.py`` has
``tests/jobs/test_jobs.py`` or ``test_init.py``. Modules without code (seams, plain values, tables)
need no test.
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
    "fuzz",
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
        f"{path.relative_to(root)}: expected {_tests_of(root, path)[0].relative_to(root)}"
        for path in python_files(root, str(PACKAGE))
        if has_code(parse(path)) and not any(test.exists() for test in _tests_of(root, path))
    ]


def astray(root: Path) -> list[str]:
    """Return the test modules that belong to no module."""
    wanted = [test for path in python_files(root, str(PACKAGE)) for test in _tests_of(root, path)]
    return [
        f"{path.relative_to(root)}: no module of {PACKAGE} has this test"
        for path in python_files(root, "tests")
        if path.name.startswith("test_")
        and path.relative_to(root / "tests").parts[0] not in OTHER_ROOMS
        and not any(_belongs(path, to) for to in wanted)
    ]


def _tests_of(root: Path, module: Path) -> list[Path]:
    inside = root / "tests" / module.relative_to(root / PACKAGE)
    names = [module.parent.name, "init"] if module.stem == "__init__" else [module.stem]
    return [inside.with_name(f"test_{name.strip('_')}.py") for name in names]


def _belongs(test: Path, wanted: Path) -> bool:
    same_folder = test.parent == wanted.parent
    return same_folder and (test == wanted or test.stem.startswith(f"{wanted.stem}_"))


def test_every_module_has_its_test() -> None:
    demand_none(untested(ROOT))


def test_every_test_has_its_module() -> None:
    demand_none(astray(ROOT))


def _house(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_a_module_without_test_is_refused(tmp_path: Path) -> None:
    house = {
        "src/vmferry/disk/__init__.py": "def detect(): return 1\n",
        "src/vmferry/disk/_shared.py": "def shared(): return 1\n",
        "src/vmferry/disk/reader.py": "def read(): return 1\n",
        "src/vmferry/disk/seam.py": "class P:\n    def read(self):\n        'Read.'\n",
        "src/vmferry/disk/values.py": "SIZE = 1\n",
        "tests/disk/test_shared.py": "",
    }
    assert untested(_house(tmp_path, house)) == [
        "src/vmferry/disk/__init__.py: expected tests/disk/test_disk.py",
        "src/vmferry/disk/reader.py: expected tests/disk/test_reader.py",
    ]
    (tmp_path / "tests" / "disk" / "test_init.py").write_text("")
    (tmp_path / "tests" / "disk" / "test_reader.py").write_text("")
    assert untested(tmp_path) == []


def test_a_test_without_module_is_refused(tmp_path: Path) -> None:
    house = {
        "src/vmferry/disk/reader.py": "",
        "tests/disk/recipe.py": "",
        "tests/disk/test_ghost.py": "",
        "tests/disk/test_reader.py": "",
        "tests/disk/test_reader_oracle.py": "",
        "tests/flows/test_whole.py": "",
    }
    assert astray(_house(tmp_path, house)) == [
        "tests/disk/test_ghost.py: no module of src/vmferry has this test"
    ]
