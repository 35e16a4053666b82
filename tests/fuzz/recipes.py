# SPDX-License-Identifier: Apache-2.0
"""The seeds: small files of every kind that a parser tells apart, made from the specifications.

.venv/bin/python -m tests.fuzz.recipes      writes tests/fuzz/corpus
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz import appliance_recipes, disk_recipes, guest_recipes, setting_recipes
from tests.fuzz.scattered import scatter

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS: Final = Path(__file__).parent / "corpus"


def _scattered(files: Callable[[], dict[str, bytes]]) -> Callable[[], dict[str, bytes]]:
    return lambda: {name: scatter(file) for name, file in files().items()}


_RECIPES: Final[dict[str, Callable[[], dict[str, bytes]]]] = {
    "vmdk": _scattered(disk_recipes.vmdk_files),
    "vmdk_stream": _scattered(disk_recipes.vmdk_files),
    "vhd": _scattered(disk_recipes.vhd_files),
    "vhdx": _scattered(disk_recipes.vhdx_files),
    "qcow2": _scattered(disk_recipes.qcow2_files),
    "raw": _scattered(disk_recipes.raw_files),
    "ova": _scattered(appliance_recipes.ova_files),
    "gzip": appliance_recipes.gzip_files,
    "ovf": appliance_recipes.ovf_files,
    "manifest": appliance_recipes.manifest_files,
    "mbr": _scattered(disk_recipes.mbr_files),
    "gpt": _scattered(disk_recipes.gpt_files),
    "lvm": _scattered(guest_recipes.lvm_files),
    "btrfs": _scattered(guest_recipes.btrfs_files),
    "jfs": _scattered(guest_recipes.jfs_files),
    "settings": setting_recipes.settings_files,
    "initramfs": setting_recipes.initramfs_files,
}


def seeds(parser: str) -> dict[str, bytes]:
    """Return the seeds of a parser by name."""
    return _RECIPES[parser]()


def write() -> None:
    """Write every seed to its place, and remove what no recipe makes."""
    for parser in _RECIPES:
        folder = CORPUS / parser
        folder.mkdir(parents=True, exist_ok=True)
        made = seeds(parser)
        for path in folder.iterdir():
            if path.name not in made:
                path.unlink()
        for name, data in made.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    write()
