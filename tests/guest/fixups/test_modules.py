# SPDX-License-Identifier: Apache-2.0
"""Lists of modules: what belongs together, in which order; what has no end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.guest.trees import tree_of

from vmferry.guest.draft import Draft
from vmferry.guest.fixups import _modules

if TYPE_CHECKING:
    from vmferry.guest.fixups._modules import Modules

FOLDER = "lib/modules/6.1"


def read(dep: str, softdep: str = "", alias: str = "") -> tuple[Draft, Modules]:
    draft = Draft(
        tree_of(
            {
                f"{FOLDER}/modules.dep": dep,
                f"{FOLDER}/modules.softdep": softdep,
                f"{FOLDER}/modules.alias": alias,
            }
        )
    )
    modules = _modules.read(draft, "6.1")
    assert modules is not None
    return draft, modules


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("kernel/drivers/nvme/host/nvme-core.ko.xz", "nvme_core"),
        ("x.ko", "x"),
        ("x.ko.zst", "x"),
        ("x.ko.gz", "x"),
        ("x.ko.bz2", ""),
        ("modules.dep", ""),
    ],
)
def test_names(path: str, name: str) -> None:
    assert _modules.name_of(path) == name


def test_each_after_what_it_needs() -> None:
    dep = "c.ko: b.ko a.ko\nb.ko: a.ko\na.ko:\nd.ko: e.ko\ne.ko: d.ko\nsoft-1.ko:\n"
    _, modules = read(dep, "softdep c pre: soft-1 none post: d\nsoftdep\nother x y\n")
    assert modules.closure(["c", "none"]) == ["soft_1", "e", "d", "a", "b", "c"]
    assert modules.closure([]) == []


def test_a_kernel_without_lists() -> None:
    assert _modules.read(Draft(tree_of({"x": ""})), "6.1") is None


def test_aliases_are_looked_for_with_underscores() -> None:
    draft, modules = read("x.ko:\n", alias="alias of:N-a[0-9-]b-c x\nalias y y\nalias " + "[" * 999)
    found = _modules.lists(draft, modules, {"x": "x.ko"})
    assert found["modules.alias"] == b"alias of:N-a[0-9-]b-c x\n"
    assert set(found) == {"modules.dep", "modules.alias", "modules.softdep"}
    assert _modules._pair("alias of:N-a[0-9-]b-c x") == ("of:N_a[0-9-]b_c", "x")


@pytest.mark.parametrize("line", ["a.ko: " + "a.ko " * 800_000, "a" * 4_000_000, "[" * 4_000_000])
def test_long_lines_take_no_time(line: str) -> None:
    start = time.process_time()
    draft, modules = read(f"{line}\nb.ko:\n", alias=f"alias {line}\n")
    modules.closure(["a", "b"])
    _modules.lists(draft, modules, {"b": "b.ko"})
    assert time.process_time() - start < 3
