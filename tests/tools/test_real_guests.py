# SPDX-License-Identifier: Apache-2.0
"""Real guests: our facts against libguestfs's inspection and against what the recipe put there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from tests.fixtures.guest import FileDisk, every_guest
from tools.make_guest.disk import appliance_settings
from tools.make_guest.recipe import MATRIX, TRIED, Recipe

from vmferry.guest import inspect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.guest import DebianGuest

    from vmferry.model.guest import GuestFacts, Partition

PROGRAM: Final = Path(__file__).with_name("answer.py")
PYTHON: Final = "/usr/bin/python3"
TIMEOUT_S: Final = 300
PHYSICAL_VOLUME: Final = "LVM2_member"
TABLES: Final = {"mbr": "msdos", "gpt": "gpt"}
VERSIONS: Final = {"bullseye": "11", "bookworm": "12", "trixie": "13"}
MODES: Final = {"bios": "legacy-bios", "uefi": "uefi"}


class Seen(NamedTuple):
    """One guest: its recipe, what we say of it, what libguestfs says."""

    recipe: Recipe
    facts: GuestFacts
    answer: dict[str, Any]

    @property
    def root(self) -> Partition:
        return self.facts.partitions[self.facts.root]


@pytest.fixture(scope="module", params=every_guest())
def seen(request: pytest.FixtureRequest, make_guest: Callable[[Recipe, str], Path]) -> Seen:
    """Each guest of the matrix."""
    recipe: Recipe = request.param
    disk = make_guest(recipe, "raw")
    return Seen(recipe, inspect([FileDisk(disk)]), _answer(recipe, disk))


def _answer(recipe: Recipe, disk: Path) -> dict[str, Any]:
    """Return libguestfs's answer, which is kept beside the guest: a look takes half a minute."""
    if shutil.which("guestfish") is None:
        pytest.skip("libguestfs is not installed; run `make setup`")
    version = subprocess.run(["guestfish", "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version + PROGRAM.read_bytes()).hexdigest()
    kept = disk.with_name(f"libguestfs-{digest[:16]}.json")
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="part-", dir=disk.parent) as name:
            settings = appliance_settings(recipe, Path(name))
            done = subprocess.run(
                [PYTHON, str(PROGRAM), str(disk)],
                env=os.environ | settings,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            said = Path(name, "answer.json")
            said.write_text(done.stdout)
            said.rename(kept)
    answer: dict[str, Any] = json.loads(kept.read_text())
    return answer


def test_every_value_meets_every_other() -> None:
    fields = [name for name in TRIED if name != "kernel"]
    for first, second in combinations(fields, 2):
        wanted = set(product(TRIED[first], TRIED[second]))
        assert wanted == {(getattr(each, first), getattr(each, second)) for each in MATRIX}
    assert len({each.name for each in MATRIX}) == len(MATRIX) >= 10


def test_the_system_is_that_of_libguestfs(seen: Seen) -> None:
    facts, answer = seen.facts, seen.answer
    assert (facts.platform.lower(), facts.distribution) == (answer["type"], answer["distro"])
    assert facts.version == str(answer["major"])
    assert f'PRETTY_NAME="{facts.pretty_name}"' in answer["os_release"].splitlines()
    assert (facts.architecture, facts.bits) == (answer["arch"], 64)


def test_the_partitions_are_those_of_libguestfs(seen: Seen) -> None:
    assert TABLES[seen.facts.partition_table] == seen.answer["table"]
    ours = [each for each in seen.facts.partitions if not each.volume]
    for part, said in zip(ours, seen.answer["partitions"], strict=True):
        assert (part.number, part.offset, part.size) == (
            said["number"],
            said["offset"],
            said["size"],
        )
        assert part.kind == said["kind"].lower()
        assert not said["partuuid"] or part.partuuid == said["partuuid"].lower()
        if said["filesystem"] != PHYSICAL_VOLUME:
            assert _filesystem(part) == said_of(said)
    volumes = {
        f"/dev/{each.volume}": _filesystem(each) for each in seen.facts.partitions if each.volume
    }
    assert volumes == {name: said_of(said) for name, said in seen.answer["volumes"].items()}


def _filesystem(part: Partition) -> tuple[str, str, str]:
    return part.filesystem, part.uuid, part.label


def said_of(said: dict[str, str]) -> tuple[str, str, str]:
    """Return type, UUID and label as we write them."""
    return said["filesystem"], said["uuid"].lower(), said["label"]


def _device(part: Partition) -> str:
    return f"/dev/{part.volume}" if part.volume else f"/dev/sda{part.number}"


def test_what_is_mounted_is_that_of_libguestfs(seen: Seen) -> None:
    assert _device(seen.root) == seen.answer["root"]
    assert seen.facts.subvolume.strip("/") == seen.answer["subvolume"]
    assert {
        entry.path: _device(seen.facts.partitions[entry.partition])
        for entry in seen.facts.fstab
        if entry.partition is not None
    } == seen.answer["mounts"]
    # The kernel sets some aside: of an XFS 8 blocks a group, of a Btrfs room for metadata (2 %).
    assert seen.facts.free == pytest.approx(seen.answer["free"], rel=0.03)


def test_the_kernels_are_those_of_libguestfs(seen: Seen) -> None:
    kernels = seen.facts.kernels
    assert [each.path for each in kernels] == seen.answer["kernels"]
    assert [each.initramfs for each in kernels] == seen.answer["initramfs"]
    assert [each.release for each in kernels] == seen.answer["modules"]
    (chosen,) = (each for each in seen.facts.boot_entries if each.default)
    assert (chosen.kernel, chosen.initramfs) == (kernels[0].path, kernels[0].initramfs)


def test_the_facts_are_the_recipe(seen: Seen) -> None:
    recipe, facts = seen.recipe, seen.facts
    assert (facts.distribution, facts.version) == ("debian", VERSIONS[recipe.release])
    assert (seen.root.filesystem, facts.partition_table) == (recipe.root, recipe.table)
    assert bool(seen.root.volume) == recipe.lvm
    assert facts.boot_modes == (MODES[recipe.firmware],)
    lines = seen.answer["fstab"].splitlines()
    assert [f"{each.spec} {each.path} {each.kind} {each.options}" for each in facts.fstab] == [
        line.rsplit(" ", 2)[0] for line in lines
    ]
    (card,) = facts.interfaces
    assert (card.name, card.renderer, card.method) == ("ens192", "ifupdown", "static")
    assert card.addresses == ("192.168.10.20/24",)
    assert facts.services.ssh == "enabled"
    assert (facts.ena, facts.nvme, facts.damage) == (True, True, ())


@pytest.mark.oracle
def test_check_reports_what_the_recipe_put_there(debian_guest: DebianGuest) -> None:
    program = [str(Path(sys.executable).parent / "vmferry"), "check", "--output=json"]
    done = subprocess.run([*program, str(debian_guest.ova)], capture_output=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, b"")
    assert report["verdict"] == {"vmferry": "warn", "aws": "warn"}
    guest = report["guest"]
    assert (guest["distribution"], guest["version"], guest["boot_modes"]) == (
        "debian",
        "12",
        ["legacy-bios"],
    )
    assert [(each["spec"], each["path"]) for each in guest["fstab"]] == [("/dev/sda1", "/")]
    assert guest["services"]["ssh"] == "enabled"
    found = {each["id"]: each for each in report["findings"]}
    assert "192.168.10.20/24 for ens192" in found["static_address"]["found"]
    assert "ens192" in found["predictable_names"]["found"]
    assert "/dev/sda1" in found["fstab_devices"]["found"]
