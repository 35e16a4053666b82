# SPDX-License-Identifier: Apache-2.0
"""Whoever installs vmferry gets all of it: what is read beside the modules is in the wheel too."""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.wheel import WheelBuilder
from tests.house.tree import ROOT, demand_none

SOURCE = ROOT / "src"
READ = {
    "vmferry/guest/services/known.toml",
    "vmferry/guest/support/linux.toml",
    "vmferry/py.typed",
}


def in_wheel(root: Path) -> set[str]:
    """Return what hatch puts into the wheel of the project in ``root``; it builds nothing."""
    builder = WheelBuilder(str(root))
    return {Path(file.distribution_path).as_posix() for file in builder.recurse_included_files()}


def test_every_file_of_the_package_is_in_the_wheel() -> None:
    files = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "vmferry").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files >= READ
    demand_none([f"{name} is not in the wheel" for name in sorted(files - in_wheel(ROOT))])


def test_a_wheel_without_them_is_seen(tmp_path: Path) -> None:
    (tmp_path / "src/vmferry").mkdir(parents=True)
    for name in ("__init__.py", "known.toml"):
        (tmp_path / "src/vmferry" / name).touch()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "vmferry"\nversion = "1"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/vmferry"]\nexclude = ["*.toml"]\n'
    )
    assert in_wheel(tmp_path) == {"vmferry/__init__.py"}
