# SPDX-License-Identifier: Apache-2.0
"""Paths inside the guest: links, loops, mounts; on a tree in memory."""

from __future__ import annotations

import pytest
from tests.guest.trees import node_of, tree_of

from vmferry.errors import GuestError
from vmferry.guest.filesystem import DEEPEST, LONGEST_PATH, MOST_LINKS, MOST_STEPS, Tree


def test_reads_through_relative_and_absolute_links() -> None:
    tree = tree_of(
        {"etc/name": "debian", "etc/same": "->name", "etc/far": "->/etc/name", "conf": "->etc"}
    )
    for path in ("/etc/name", "etc//./same", "/etc/far", "/conf/same", "/etc/../conf/far"):
        assert tree.read_file(path, 10) == b"debian"


def test_the_root_has_no_way_out() -> None:
    tree = tree_of({"etc/up": "->../../../../etc/name", "etc/name": "x", "self": "->/"})
    assert tree.read_file("/../../etc/up", 10) == b"x"
    assert tree.is_dir("/self/self/..")
    assert tree.names("/self", 10) == ["etc", "self"]


def test_loops_and_long_chains_lead_nowhere() -> None:
    chain: dict[str, str | bytes] = {f"l{i}": f"->l{i + 1}" for i in range(MOST_LINKS + 1)}
    tree = tree_of({"a": "->b", "b": "->a", **chain, f"l{MOST_LINKS + 1}": "end"})
    assert not tree.is_file("/a")
    assert not tree.is_file("/l0")
    assert tree.is_file("/l1")


def test_a_target_longer_than_a_path_leads_nowhere() -> None:
    assert not tree_of({"a": "->" + "./" * 3000 + "b", "b": "x"}).is_file("/a")


def test_a_path_of_very_many_parts_leads_nowhere() -> None:
    root = node_of({"x": "", "far": "->" + "self/" * 400 + "again", "again": "->self/x"})
    root.entries["self"] = root
    tree = Tree(root)
    assert tree.is_file("self/" * DEEPEST + "x")
    assert not tree.is_file("self/" * (DEEPEST + 1) + "x")
    assert tree.is_file("self/../" * (MOST_STEPS // 2 - 1) + "x")
    assert not tree.is_file("self/../" * (MOST_STEPS // 2) + "x")
    assert not tree.is_file("/" * LONGEST_PATH + "x")
    assert not tree.is_file("/far")
    assert tree.is_file("/again")


def test_mounts_hide_what_is_below() -> None:
    root = node_of({"boot/old": "x", "b": "->boot"})
    tree = Tree(root, {"/boot": node_of({"vmlinuz": "y"})})
    assert tree.names("/boot", 10) == ["vmlinuz"]
    assert tree.read_head("/b/vmlinuz", 10) == b"y"


def test_what_is_not_a_file_is_refused() -> None:
    tree = tree_of({"etc/x": "", "name": "0123456789"})
    assert tree.read_head("/etc", 4) == b""
    assert tree.read_head("/none", 4) == b""
    assert tree.read_head("/name", 4) == b"0123"
    assert tree.names("/name", 4) == []
    assert not tree.is_file("/name/below")
    with pytest.raises(GuestError, match="/etc: is not a regular file"):
        tree.read_file("/etc", 4)
    with pytest.raises(GuestError, match="/name: found 10 bytes, expected at most 4"):
        tree.read_file("/name", 4)


def test_what_is_at_a_path_itself() -> None:
    tree = tree_of({"etc/name": "x", "etc/same": "->name", "etc/lost": "->../run/none"})
    assert tree.exists("/etc/lost")
    assert not tree.is_file("/etc/lost")
    assert not tree.exists("/etc/none")
    assert tree.link_target("/etc/lost") == "../run/none"
    assert tree.link_target("/etc/name") is None
    assert tree.link_target("/") is None


@pytest.mark.parametrize(
    ("path", "follow", "real"),
    [
        ("/etc/name", True, "/usr/etc/name"),
        ("/etc/same", True, "/usr/etc/name"),
        ("/etc/same", False, "/usr/etc/same"),
        ("/etc", False, "/etc"),
        ("/etc/lost", True, "/usr/etc/lost"),
        ("/etc/new", True, "/usr/etc/new"),
        ("/etc/new/deep/er", False, "/usr/etc/new/deep/er"),
        ("/etc/name/below", True, None),
        ("/etc/lost/below", True, None),
        ("/etc/new/../name", True, None),
        ("/", True, "/"),
    ],
)
def test_paths_without_links(path: str, follow: bool, real: str | None) -> None:
    tree = tree_of(
        {
            "etc": "->usr/etc",
            "usr/etc/name": "x",
            "usr/etc/same": "->name",
            "usr/etc/lost": "->none",
        }
    )
    assert tree.real_path(path, follow=follow) == real


def test_another_mount() -> None:
    tree = tree_of({"boot/efi/old": "x", "boot/a": "b"}).with_mount(
        "/boot/efi", node_of({"n": "y"})
    )
    assert tree.names("/boot/efi", 10) == ["n"]
    assert tree.read_head("/boot/a", 10) == b"b"
