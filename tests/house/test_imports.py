# SPDX-License-Identifier: Apache-2.0
"""The layers of design.md, section 3: import-linter's contracts, plug-ins apart, async at the top.

import-linter's ``independence`` cannot tell a plug-in from a module that the plug-ins of a folder
share (``_copy.py``), so that rule is here.
"""

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


PLUGINS: Final = {
    "formats": "FORMAT",
    "stores": "STORE",
    "guest/filesystems": "FILESYSTEM",
    "guest/volumes": "VOLUMES",
    "jobs": "JOB",
    "api/actions/ec2": "ACTION",
    "api/actions/iam": "ACTION",
    "api/actions/sts": "ACTION",
    "cli/commands": "COMMAND",
}
"""The folders where one new file is one new thing, and what such a file exports."""


def entangled(root: Path) -> list[str]:
    """Return the plug-ins that import another plug-in of their folder."""
    found = []
    for name, constant in PLUGINS.items():
        folder = root / "src" / "vmferry" / name
        prefix = f"vmferry.{name.replace('/', '.')}."
        plugins = {_name(path, folder) for path in _exporters(folder, constant)}
        for path in python_files(root, f"src/vmferry/{name}"):
            others = plugins - {_name(path, folder)}
            found += [
                f"{path.relative_to(root)}:{line}: a plug-in imports the plug-in {other}"
                for line, imported in _imports(parse(path))
                for other in sorted(others)
                if f"{imported}.".startswith(f"{prefix}{other}.") and path != folder / "__init__.py"
            ]
    return found


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".py")


def _exporters(folder: Path, constant: str) -> list[Path]:
    files = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    return [path for path in files if constant in _constants(parse(path))]


def _constants(module: ast.Module) -> set[str]:
    assignments = [node for node in module.body if isinstance(node, ast.Assign)]
    targets = [target for node in assignments for target in node.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _imports(module: ast.Module) -> list[tuple[int, str]]:
    """Return line and dotted name of everything that a module imports."""
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def test_every_contract_holds() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_plugin_imports_another() -> None:
    demand_none(entangled(ROOT))


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
    "convert",
    "daemon",
    "database",
    "errors",
    "formats",
    "guest",
    "identity",
    "jobs",
    "model",
    "plugins",
    "processes",
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
    folder = tmp_path / "x" / "src" / "vmferry" / "formats"
    bodies = {
        "__init__.py": "from vmferry.formats import vmdk\n",
        "_shared.py": "SIZE = 1\n",
        "raw.py": "import vmferry.formats.vmdk.header\n"
        "from vmferry.formats import DiskFormat, _shared, vmdk\nFORMAT = 1\n",
        "vhd.py": "from vmferry.formats.raw import READ\nFORMAT = 1\n",
        "vmdk/__init__.py": "from vmferry.formats.vmdk.header import Header\nFORMAT = 1\n",
        "vmdk/header.py": "from vmferry.formats._shared import SIZE\n",
    }
    for name, text in bodies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert entangled(tmp_path / "x") == [
        "src/vmferry/formats/raw.py:1: a plug-in imports the plug-in vmdk",
        "src/vmferry/formats/raw.py:2: a plug-in imports the plug-in vmdk",
        "src/vmferry/formats/vhd.py:1: a plug-in imports the plug-in raw",
    ]


def test_a_coroutine_below_the_api_is_refused(tmp_path: Path) -> None:
    _house(tmp_path, jobs="async def run(): ...\n", api="async def app(): ...\n")
    assert asynchronous(tmp_path) == ["src/vmferry/jobs/__init__.py:1: async below the API"]
