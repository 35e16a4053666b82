# SPDX-License-Identifier: Apache-2.0
"""What is free, and what is clean, of what the guest uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.guest.test_window import Memory
from tests.guest.trees import node_of, tree_of

from vmferry.errors import GuestError
from vmferry.guest import condition
from vmferry.guest.filesystem import FileSystem
from vmferry.guest.layout import Place
from vmferry.guest.roots import READERS
from vmferry.guest.settings import Settings
from vmferry.guest.window import Window
from vmferry.model.guest import FstabEntry, Partition

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

SIZE = 1000


def _place(number: int, kind: str) -> Place:
    partition = Partition(disk=0, number=number, offset=0, size=SIZE, kind="0x83", filesystem=kind)
    return Place(partition, Window(Memory(bytes(SIZE)), 0, SIZE, f"disk 0, partition {number}"))


PLACES = (_place(1, "btrfs"), _place(2, "btrfs"), _place(3, "btrfs"), _place(4, "vfat"))
MOUNTED = tuple(
    FstabEntry(line=1, spec="x", path="/x", kind="x", options="", partition=partition)
    for partition in (1, None, 3)
)


def _look(
    monkeypatch: pytest.MonkeyPatch,
    free: Callable[[Window], int | None] = lambda _: None,
    clean: Callable[[Window], bool] = lambda _: True,
) -> tuple[list[int | None], list[bool], list[str]]:
    reader = FileSystem(
        name="btrfs", kinds=("btrfs",), open=lambda _: node_of({}), free=free, is_clean=clean
    )
    monkeypatch.setitem(READERS, "btrfs", reader)
    settings = Settings(tree_of({}))
    found = condition.of(PLACES, 0, MOUNTED, settings)
    return [each.free for each in found], [each.clean for each in found], settings.damage


def test_what_is_used_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _look(monkeypatch, lambda _: 5, lambda window: "partition 2" not in window.name) == (
        [5, 5, None, None],
        [True, False, True, True],
        [],
    )


def test_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    free, _, damage = _look(monkeypatch, lambda _: SIZE + 1)
    assert free == [None] * 4
    assert damage[0] == ("disk 0, partition 1: found 1001 free bytes, expected at most its 1000")


def test_damage_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(window: Window) -> bool:
        raise GuestError(f"{window.name}: no map")

    assert _look(monkeypatch, lambda _: 5, broken) == (
        [None] * 4,
        [True] * 4,
        ["disk 0, partition 1: no map", "disk 0, partition 2: no map"],
    )


def test_few_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition, "MOST", 1)
    assert _look(monkeypatch, lambda _: 5)[0] == [5, None, None, None]
