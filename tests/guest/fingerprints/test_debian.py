# SPDX-License-Identifier: Apache-2.0
"""Debian by its os-release, and by debian_version where that says less."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.errors import GuestError
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


def test_a_long_version_file_is_refused() -> None:
    with pytest.raises(GuestError, match="/etc/debian_version: found 65 bytes, expected at most"):
        FINGERPRINT.identify(tree_of({"etc/debian_version": "x" * 65}), SID)
