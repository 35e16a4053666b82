# SPDX-License-Identifier: Apache-2.0
"""Old Ubuntu by its lsb-release; Red Hat's file of that name says nothing."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest.fingerprints import Identity
from vmferry.guest.fingerprints.lsb import FINGERPRINT

LUCID = """DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=10.04
DISTRIB_CODENAME=lucid
DISTRIB_DESCRIPTION="Ubuntu 10.04.4 LTS"
"""


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        (LUCID, Identity("ubuntu", "10.04", "Ubuntu 10.04.4 LTS")),
        ("DISTRIB_ID=Arch\n", Identity("arch", "", "Arch")),
        ('LSB_VERSION="core-3.1-amd64:core-3.1-ia32"\n', None),
        ("", None),
    ],
)
def test_says_what_its_file_says(text: str, identity: Identity | None) -> None:
    assert FINGERPRINT.identify(tree_of({"etc/lsb-release": text}), {}) == identity


def test_os_release_counts_more() -> None:
    assert FINGERPRINT.identify(tree_of({"etc/lsb-release": LUCID}), {"ID": "mine"}) is None
