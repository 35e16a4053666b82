# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: the fixtures' modules, Hypothesis, oracles in CI, no stray process."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

pytest_plugins = [
    "pytester",
    "tests.house.oracles",
    "tests.house.processes",
    *(
        f"tests.fixtures.{path.stem}"
        for path in sorted((Path(__file__).parent / "fixtures").glob("[!_]*.py"))
    ),
]

# Debian keeps mkfs and sfdisk out of a user's PATH.
os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"

# No deadline: the machine is shared. CI takes the same examples every time, so that a red run is
# about the change; developers' machines look for new ones.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")
