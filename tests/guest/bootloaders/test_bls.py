# SPDX-License-Identifier: Apache-2.0
"""Entries of the Boot Loader Specification and their two orders."""

from __future__ import annotations

from tests.guest.bootloaders.boots import disk_of

from vmferry.guest.bootloaders import _bls

FOLDER = "/boot/loader/entries"


def test_entries() -> None:
    text = "# comment\ntitle  A B\ninitrd /a\nInitrd /b\nempty\n"
    disk = disk_of({f"{FOLDER[1:]}/x+3-1.conf": text, f"{FOLDER[1:]}/y.conf.rpmsave": text})
    (entry,) = _bls.read(disk.settings, FOLDER)
    assert (entry.name, entry.path) == ("x", f"{FOLDER}/x+3-1.conf")
    assert entry.values == {"title": ["A B"], "initrd": ["/a", "/b"]}
    assert (entry.first("title"), entry.first("linux")) == ("A B", "")


def test_too_many() -> None:
    disk = disk_of({f"{FOLDER[1:]}/{number}.conf": "a b" for number in range(101)})
    assert _bls.read(disk.settings, FOLDER) == []
    assert disk.settings.damage == [f"{FOLDER}: found 101 entries, expected at most 100"]


def test_orders() -> None:
    def entry(name: str, version: str, sort: str = "") -> _bls.Entry:
        return _bls.Entry(
            name, "", {"version": [version], **({"sort-key": [sort]} if sort else {})}
        )

    entries = [
        entry("id-5.9", "5.9"),
        entry("id-5.10", "5.10", "b"),
        entry("id-5.4", "5.4", "a"),
        entry("id-5.14", "5.14", "b"),
    ]
    assert [each.name[3:] for each in _bls.by_name(entries)] == ["5.14", "5.10", "5.9", "5.4"]
    assert [each.name[3:] for each in _bls.by_version(entries)] == ["5.4", "5.14", "5.10", "5.9"]
