# SPDX-License-Identifier: Apache-2.0
"""SUSE by its SuSE-release, which older systems have instead of os-release."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest.fingerprints import Identity
from vmferry.guest.fingerprints.suse import FINGERPRINT

SLES = "SUSE Linux Enterprise Server 11"


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        (f"{SLES} (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n",
         Identity("sles", "11.3", f"{SLES} SP3")),
        (f"{SLES} (x86_64)\nVERSION = 11\nPATCHLEVEL = 0\n", Identity("sles", "11", SLES)),
        ("SUSE Linux Enterprise Desktop 10 (i586)\nVERSION = 10\nPATCHLEVEL = 4\n",
         Identity("sled", "10.4", "SUSE Linux Enterprise Desktop 10 SP4")),
        ("openSUSE 11.4 (x86_64)\nVERSION = 11.4\nCODENAME = Celadon\n",
         Identity("opensuse", "11.4", "openSUSE 11.4")),
        ("SUSE LINUX 10.0 (X86-64)\nVERSION = 10.0\n",
         Identity("suse", "10.0", "SUSE LINUX 10.0")),
    ],
)  # fmt: skip
def test_says_what_its_file_says(text: str, identity: Identity) -> None:
    assert FINGERPRINT.identify(tree_of({"etc/SuSE-release": text}), {}) == identity


def test_os_release_counts_more() -> None:
    tree = tree_of({"etc/SuSE-release": f"{SLES} (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n"})
    assert FINGERPRINT.identify(tree, {"ID": "sles"}) is None
    assert FINGERPRINT.identify(tree_of({}), {}) is None


def test_a_long_line_is_cut() -> None:
    found = FINGERPRINT.identify(tree_of({"etc/SuSE-release": "openSUSE" * 10**5}), {})
    assert found is not None
    assert len(found.pretty_name) == 256
