# SPDX-License-Identifier: Apache-2.0
"""Partition tables by sfdisk, and what sfdisk reads in them."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.guests.drawing import SBIN, run

from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from pathlib import Path


def sfdisk_table(path: Path, label: str, script: str) -> Path:
    """Make a 64 MiB disk with the table of ``script``."""
    _demand_sfdisk()
    with path.open("xb") as file:
        file.truncate(64 * MIB)
    run(["sfdisk", "--quiet", str(path)], f"label: {label}\n{script}\n")
    return path


def as_sfdisk(path: Path) -> list[tuple[int, int, int, str]]:
    """Return number, offset, size and type of each partition as sfdisk reads them."""
    _demand_sfdisk()
    table = json.loads(run(["sfdisk", "--json", str(path)]))["partitiontable"]
    return [
        (
            int(re.fullmatch(rf"{re.escape(str(path))}(\d+)", entry["node"])[1]),  # type: ignore[index]
            entry["start"] * SECTOR,
            entry["size"] * SECTOR,
            entry["type"].lower(),
        )
        for entry in table["partitions"]
    ]


def _demand_sfdisk() -> None:
    if shutil.which("sfdisk", path=SBIN) is None:
        pytest.skip("sfdisk is not installed")
