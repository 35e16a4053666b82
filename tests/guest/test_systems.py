# SPDX-License-Identifier: Apache-2.0
"""Systems by os-release, and by the files of their families where there is none."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.errors import GuestError
from vmferry.guest import os_release
from vmferry.guest.systems import FAMILIES, MARKS, identify, is_root

RHEL = "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n"


def test_asks_the_specific_first() -> None:
    assert [family.name for family in FAMILIES][-1] == "linux"


@pytest.mark.parametrize("path", [*os_release.PATHS, *MARKS])
def test_any_mark_tells_a_root(path: str) -> None:
    assert is_root(tree_of({path[1:]: ""}))
    assert not is_root(tree_of({f"backup{path}": ""}))


@pytest.mark.parametrize(
    ("files", "distribution", "version"),
    [
        ({"etc/os-release": "ID=alpine\nVERSION_ID=3.23\n"}, "alpine", "3.23"),
        ({"usr/lib/os-release": "ID=debian\n", "etc/debian_version": "trixie/sid\n"},
         "debian", "trixie/sid"),
        ({"etc/os-release": "ID=centos\nVERSION_ID=7\n", "etc/redhat-release": RHEL},
         "centos", "7"),
        ({"etc/redhat-release": RHEL, "etc/lsb-release": "LSB_VERSION=core\n"}, "rhel", "5.11"),
        ({"etc/SuSE-release": "openSUSE 11.4 (x86_64)\nVERSION = 11.4\n"}, "opensuse", "11.4"),
        ({"etc/debian_version": "squeeze/sid\n",
          "etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n"}, "ubuntu", "10.04"),
        ({"etc/debian_version": "6.0.8\n"}, "debian", "6.0.8"),
        ({"etc/os-release": "", "etc/redhat-release": RHEL}, "rhel", "5.11"),
        ({"etc/redhat-release": ""}, "linux", ""),
    ],
)  # fmt: skip
def test_every_family(files: dict[str, str | bytes], distribution: str, version: str) -> None:
    found = identify(tree_of(files))
    assert (found.distribution, found.version) == (distribution, version)


def test_a_long_os_release_is_refused() -> None:
    with pytest.raises(GuestError, match="/etc/os-release: found 70000 bytes, expected at most"):
        identify(tree_of({"etc/os-release": "#" * 70000}))
