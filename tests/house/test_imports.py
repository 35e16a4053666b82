# SPDX-License-Identifier: Apache-2.0
"""The layers of design.md, section 3: import-linter's contracts hold, and only the API is async."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.house.tree import ROOT, demand_none, parse, python_files

ASYNC_ROOMS: Final = ("api", "daemon.py")
"""Where requests wait; everything below them is plain code that runs in threads and processes."""


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package below ``root/src``."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def asynchronous(root: Path) -> list[str]:
    """Return the coroutines outside the rooms that may have them."""
    package = root / "src" / "vmferry"
    return [
        f"{path.relative_to(root)}:{node.lineno}: async below the API"
        for path in python_files(root, "src/vmferry")
        if path.relative_to(package).parts[0] not in ASYNC_ROOMS
        for node in ast.walk(parse(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.AsyncWith | ast.AsyncFor | ast.Await)
    ]


def test_every_contract_holds() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_the_api_is_async() -> None:
    demand_none(asynchronous(ROOT))


LAYERS: Final = (
    "api",
    "appliances",
    "blocks",
    "catalog",
    "cli",
    "compute",
    "config",
    "console",
    "daemon",
    "database",
    "errors",
    "formats",
    "guest",
    "identity",
    "jobs",
    "model",
    "plugins",
    "stores",
    "tasks",
    "units",
)


def _house(root: Path, **bodies: str) -> Path:
    """Make a house whose rooms are empty but for the given modules."""
    rooms = dict.fromkeys(LAYERS, "") | {"formats.raw": "", "formats.vmdk": ""}
    for inner in ("api.actions", "api.actions.ec2", "api.actions.iam", "api.actions.sts"):
        rooms[inner] = ""
    rooms["cli.commands"] = ""
    for name, text in (rooms | bodies).items():
        folder = root / "src" / "vmferry" / name.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(text)
    (root / "src" / "vmferry" / "__init__.py").write_text("")
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return root


def test_an_empty_house_passes(tmp_path: Path) -> None:
    result = lint_imports(_house(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_import_upwards_is_refused(tmp_path: Path) -> None:
    result = lint_imports(_house(tmp_path, model="import vmferry.jobs\n"))
    assert result.returncode == 1
    assert "vmferry.model is not allowed to import vmferry.jobs" in result.stdout


def test_a_room_that_is_no_layer_is_refused(tmp_path: Path) -> None:
    result = lint_imports(_house(tmp_path, utils=""))
    assert result.returncode == 1
    assert "vmferry.utils" in result.stdout


def test_a_format_that_starts_a_process_is_refused(tmp_path: Path) -> None:
    result = lint_imports(_house(tmp_path, **{"formats.raw": "import subprocess\n"}))
    assert result.returncode == 1
    assert "vmferry.formats is not allowed to import subprocess" in result.stdout


def test_plugins_that_import_each_other_are_refused(tmp_path: Path) -> None:
    bodies = {"formats.raw": "import vmferry.formats.vmdk\n"}
    result = lint_imports(_house(tmp_path, **bodies))
    assert result.returncode == 1
    assert "vmferry.formats.raw is not allowed to import vmferry.formats.vmdk" in result.stdout


def test_a_coroutine_below_the_api_is_refused(tmp_path: Path) -> None:
    _house(tmp_path, jobs="async def run(): ...\n", api="async def app(): ...\n")
    assert asynchronous(tmp_path) == ["src/vmferry/jobs/__init__.py:1: async below the API"]
