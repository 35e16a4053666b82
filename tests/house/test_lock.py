# SPDX-License-Identifier: Apache-2.0
"""What is installed is what ``pyproject.toml`` asks for: the lock file is renewed with it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.house.tree import ROOT, demand_none

if TYPE_CHECKING:
    from pathlib import Path

_PIN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def unlocked(root: Path) -> list[str]:
    """Return the requirements that the lock file does not fulfil, and the pins without a hash."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    pins = {pin[1]: pin for pin in _PIN.finditer((root / "requirements.lock").read_text())}
    found = [
        f"{name}: no hash in the lock" for name in pins if "--hash=sha256:" not in pins[name][3]
    ]
    for line in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        requirement = Requirement(line)
        pin = pins.get(canonicalize_name(requirement.name))
        version = pin[2] if pin else "nothing"
        if not pin or version not in requirement.specifier:
            found.append(f"{line}: the lock has {version}; run `make lock`")
    return found


def test_the_lock_fulfils_the_project() -> None:
    demand_none(unlocked(ROOT))


def test_a_stale_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["old>=2", "New_One>=1", "fine>=1"]\n'
        '[project.optional-dependencies]\ndev = ["bare"]\n'
    )
    (tmp_path / "requirements.lock").write_text(
        "# made by make lock\n"
        "bare==1.0\n    # via vmferry\n"
        "fine==1.5 ; python_version > '3' \\\n    --hash=sha256:00\n    # via vmferry\n"
        "old==1.0 \\\n    --hash=sha256:11\n"
    )
    assert unlocked(tmp_path) == [
        "bare: no hash in the lock",
        "old>=2: the lock has 1.0; run `make lock`",
        "New_One>=1: the lock has nothing; run `make lock`",
    ]
