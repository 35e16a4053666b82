# SPDX-License-Identifier: Apache-2.0
"""Discovery: what a folder's modules export, and what is said of a module that does not fit."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from vmferry import plugins
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Folder = Callable[[dict[str, str]], ModuleType]


@dataclass(frozen=True)
class Thing:
    """What the plug-ins of this test are."""

    name: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return a function that makes a package of modules."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(modules: dict[str, str]) -> ModuleType:
        name = f"things_{tmp_path.name}"
        for module, text in {"__init__.py": "", **modules}.items():
            path = tmp_path / name / module
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return make


def _thing(name: str) -> str:
    return f"class Name(str):\n    name = {name!r}\nTHING = Name()\n"


def test_modules_and_packages_count_alike(folder: Folder) -> None:
    package = folder({"raw.py": _thing("raw"), "vmdk/__init__.py": _thing("vmdk")})
    found = plugins.find(package, "THING", str)
    assert sorted(found) == ["raw", "vmdk"]


def test_private_modules_are_no_plugins(folder: Folder) -> None:
    assert plugins.find(folder({"_shared.py": "raise SystemExit\n"}), "THING", str) == {}


def test_an_api_name_matches_its_module(folder: Folder) -> None:
    package = folder({"import_snapshot.py": _thing("ImportSnapshot")})
    assert list(plugins.find(package, "THING", str)) == ["import_snapshot"]


def test_a_module_without_the_constant_is_refused(folder: Folder) -> None:
    package = folder({"raw.py": ""})
    with pytest.raises(SetupError, match=r"things_.*\.raw: THING is None, expected a str"):
        plugins.find(package, "THING", str)


def test_a_constant_of_another_class_is_refused(folder: Folder) -> None:
    package = folder({"raw.py": "THING = 7\n"})
    with pytest.raises(SetupError, match=r"raw: THING is 7, expected a Thing"):
        plugins.find(package, "THING", Thing)


def test_a_plugin_of_another_name_is_refused(folder: Folder) -> None:
    package = folder({"raw.py": _thing("vhd")})
    with pytest.raises(SetupError, match=r"THING.name is 'vhd', expected the module's name"):
        plugins.find(package, "THING", str)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("ImportSnapshot", "import_snapshot"),
        ("raw", "raw"),
        ("import-image", "import_image"),
        ("GetCallerIdentity", "get_caller_identity"),
    ],
)
def test_names_in_snake_case(name: str, module: str) -> None:
    assert plugins.snake(name) == module
