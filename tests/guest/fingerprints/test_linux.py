# SPDX-License-Identifier: Apache-2.0
"""Any Linux at its word, with the defaults of os-release(5)."""

from __future__ import annotations

from tests.guest.trees import tree_of

from vmferry.guest.fingerprints import Identity
from vmferry.guest.fingerprints.linux import FINGERPRINT


def test_takes_os_release_at_its_word() -> None:
    release = {"ID": "alpine", "VERSION_ID": "3.23", "PRETTY_NAME": "Alpine Linux v3.23"}
    assert FINGERPRINT.identify(tree_of({}), release) == Identity(
        "alpine", "3.23", "Alpine Linux v3.23"
    )


def test_has_the_defaults_of_the_manual() -> None:
    assert FINGERPRINT.identify(tree_of({}), {}) == Identity("linux", "", "Linux")
    assert FINGERPRINT.identify(tree_of({}), {"NAME": "Mine"}) == Identity("linux", "", "Mine")
