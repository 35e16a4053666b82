# SPDX-License-Identifier: Apache-2.0
"""What the families share: the first lines of a release file, whatever its size."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest import fingerprints
from vmferry.guest.fingerprints import LONGEST, Fingerprint, lines
from vmferry.plugins import find

FAMILIES = find(fingerprints, "FINGERPRINT", Fingerprint)


def test_the_lines_of_a_file() -> None:
    tree = tree_of({"etc/x": b"a\r\nb\xff\n"})
    assert lines(tree, "/etc/x") == ["a", "b\ufffd"]
    assert lines(tree, "/etc/y") == lines(tree, "/etc") == []


def test_no_more_than_the_head_is_read() -> None:
    assert lines(tree_of({"etc/x": "a" * 10**6}), "/etc/x") == ["a" * LONGEST]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_without_its_files_says_nothing(name: str) -> None:
    family = FAMILIES[name]
    assert (family.identify(tree_of({}), {}) is None) == bool(family.files)
    assert all(path.startswith("/etc/") for path in family.files)
