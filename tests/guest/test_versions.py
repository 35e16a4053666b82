# SPDX-License-Identifier: Apache-2.0
"""The order of kernel releases, against dpkg's own."""

from __future__ import annotations

import itertools
import shutil
import subprocess

import pytest

from vmferry.guest.versions import key

OLD_TO_NEW = [
    "3.13.0-116-generic",
    "5.15.0-94-generic",
    "5.15.0-100-generic",
    "6.1.0~rc1-amd64",
    "6.1.0",
    "6.1.0-9-amd64",
    "6.1.0-10-amd64",
    "6.1.0-10-cloud-amd64",
    "6.1.0-56+deb12-amd64",
    "6.12",
]


def test_ten_is_newer_than_nine() -> None:
    shuffled = [*OLD_TO_NEW[5:], *OLD_TO_NEW[:5]]
    assert sorted(shuffled, key=key) == OLD_TO_NEW


@pytest.mark.oracle
def test_orders_as_dpkg() -> None:
    if shutil.which("dpkg") is None:
        pytest.skip("dpkg is not installed")
    for older, newer in itertools.pairwise(OLD_TO_NEW):
        command = ["dpkg", "--compare-versions", f"0:{older}-1", "lt", f"0:{newer}-1"]
        assert subprocess.run(command, check=False).returncode == 0, (older, newer)
