# SPDX-License-Identifier: Apache-2.0
"""Settings: what is missing is empty, what is damaged or endless is a sentence."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from tests.guest.trees import MemoryNode, node_of, tree_of

from vmferry.errors import GuestError
from vmferry.guest.filesystem import Tree
from vmferry.guest.settings import MOST_SENTENCES, Settings
from vmferry.units import KIB

if TYPE_CHECKING:
    import pytest


class _Damaged(MemoryNode):
    def child(self, name: str) -> MemoryNode | None:
        raise GuestError("disk 0: the ext file system is damaged")

    def names(self, most: int) -> list[str]:
        raise GuestError("disk 0: the ext file system is damaged")


def test_reads_text_names_and_presence() -> None:
    settings = Settings(tree_of({"etc/a": "x\n", "etc/b": b"\xff", "etc/c": "->a"}))
    assert [settings.text(f"/etc/{name}") for name in "abcd"] == ["x\n", "\ufffd", "x\n", ""]
    assert settings.names("/etc") == ["a", "b", "c"]
    assert settings.names("/none") == []
    assert [settings.exists(path) for path in ("/etc/c", "/etc", "/x")] == [True, False, False]
    assert settings.damage == []


def test_what_is_too_long_is_a_sentence() -> None:
    settings = Settings(tree_of({"etc/a": "x" * 11, "many/0": "", **{f"d/{n}": "" for n in "ab"}}))
    assert settings.text("/etc/a", 10) == ""
    assert settings.damage == ["/etc/a: found 11 bytes, expected at most 10"]


def test_all_files_together_are_bounded() -> None:
    files: dict[str, str | bytes] = {str(number): "x" * 64 * KIB for number in range(70)}
    settings = Settings(tree_of(files))
    assert sum(len(settings.text(f"/{name}")) for name in files) == 32 * 64 * KIB
    assert settings.damage == ["settings: not all are told, for 2097152 bytes were read"]


def test_damage_below_is_a_sentence() -> None:
    root = node_of({"boot/x": ""})
    root.entries["etc"] = _Damaged()
    settings = Settings(Tree(root))
    assert settings.text("/etc/fstab") == ""
    assert not settings.exists("/etc/fstab")
    assert settings.names("/etc") == []
    assert settings.target("/etc/fstab") == "/etc/fstab"
    assert settings.damage == [
        "disk 0: the ext file system is damaged",
        "/etc: disk 0: the ext file system is damaged",
    ]


def test_targets_of_links() -> None:
    settings = Settings(tree_of({"a": "x", "b": "->a", "c": "->b"}))
    assert [settings.target(path) for path in ("/a", "/b", "/c", "/d")] == ["/a", "/a", "/a", "/d"]


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(time, "process_time", lambda: next(seconds))
    settings = Settings(tree_of({"etc/a": "x"}))
    assert [settings.text("/etc/a") for _ in range(4)] == ["x", "x", "", ""]
    assert settings.names("/etc") == []
    assert not settings.exists("/etc/a")
    assert settings.target("/etc/a") == "/etc/a"
    assert settings.damage == ["settings: not all are told, for 3 s of processor time were over"]


def test_sentences_are_few_and_short() -> None:
    settings = Settings(tree_of({}))
    for number in range(100):
        settings.complain(f"{number}" + "x" * 1000)
        settings.complain(f"{number}" + "x" * 1000)
    assert len(settings.damage) == MOST_SENTENCES
    assert {len(sentence) for sentence in settings.damage} == {300}
