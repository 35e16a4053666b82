# SPDX-License-Identifier: Apache-2.0
"""Debian by its os-release, and by debian_version where that says less."""

from __future__ import annotations

from tests.guest.trees import tree_of

from vmferry.guest.fingerprints import Identity
from vmferry.guest.fingerprints.debian import FINGERPRINT

SID = {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux trixie/sid"}


def test_a_release_has_its_number() -> None:
    release = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    tree = tree_of({"etc/debian_version": "12.11\n"})
    assert FINGERPRINT.identify(tree, release) == Identity(
        "debian", "12", "Debian GNU/Linux 12 (bookworm)"
    )


def test_unstable_has_its_name() -> None:
    tree = tree_of({"etc/debian_version": "trixie/sid\n"})
    assert FINGERPRINT.identify(tree, SID) == Identity("debian", "trixie/sid", SID["PRETTY_NAME"])
    assert FINGERPRINT.identify(tree_of({}), {"ID": "debian"}) == Identity(
        "debian", "", "Debian GNU/Linux"
    )


def test_children_are_not_debian() -> None:
    assert FINGERPRINT.identify(tree_of({}), {"ID": "ubuntu", "ID_LIKE": "debian"}) is None


def test_before_os_release_its_version_file_says_it() -> None:
    tree = tree_of({"etc/debian_version": "6.0.8\n"})
    assert FINGERPRINT.identify(tree, {}) == Identity("debian", "6.0.8", "Debian GNU/Linux 6.0.8")
    assert FINGERPRINT.identify(tree_of({}), {}) is None
    assert FINGERPRINT.identify(tree_of({"etc/debian_version": "\n"}), {}) is None


def test_a_long_version_is_cut() -> None:
    found = FINGERPRINT.identify(tree_of({"etc/debian_version": "6" * 10**6}), SID)
    assert found is not None
    assert found.version == "6" * 64
