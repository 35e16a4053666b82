# SPDX-License-Identifier: Apache-2.0
"""Red Hat's family by its release files, which older systems have instead of os-release."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.guest.fingerprints.red_hat import FILES, FINGERPRINT

RHEL5 = "Red Hat Enterprise Linux Server release 5.11 (Tikanga)"
RHEL6 = "Red Hat Enterprise Linux Server release 6.10 (Santiago)"


@pytest.mark.parametrize(
    ("files", "distribution", "version"),
    [
        ({"redhat-release": RHEL5}, "rhel", "5.11"),
        ({"redhat-release": "Red Hat Enterprise Linux AS release 4 (Nahant Update 8)"},
         "rhel", "4"),
        ({"redhat-release": "->centos-release", "centos-release": "CentOS release 6.8 (Final)"},
         "centos", "6.8"),
        ({"redhat-release": "CentOS release 5.11 (Final)"}, "centos", "5.11"),
        ({"redhat-release": RHEL6, "oracle-release": "Oracle Linux Server release 6.10"},
         "ol", "6.10"),
        ({"redhat-release": RHEL5, "enterprise-release":
          "Enterprise Linux Enterprise Linux Server release 5.4 (Carthage)"}, "ol", "5.4"),
        ({"redhat-release": "->fedora-release", "fedora-release": "Fedora release 14 (Laughlin)"},
         "fedora", "14"),
        ({"fedora-release": "Fedora Core release 6 (Zod)"}, "fedora", "6"),
        ({"system-release": "Amazon Linux AMI release 2012.03"}, "amzn", "2012.03"),
        ({"redhat-release": "Scientific Linux release 6.10 (Carbon)"}, "scientific", "6.10"),
        ({"redhat-release": "Fedora release Rawhide (Rawhide)"}, "fedora", ""),
    ],
)  # fmt: skip
def test_says_what_its_file_says(
    files: dict[str, str | bytes], distribution: str, version: str
) -> None:
    found = FINGERPRINT.identify(tree_of({f"etc/{k}": v for k, v in files.items()}), {})
    assert found is not None
    assert (found.distribution, found.version) == (distribution, version)


def test_is_called_by_its_whole_line() -> None:
    found = FINGERPRINT.identify(tree_of({"etc/redhat-release": f"{RHEL6}\nmore\n"}), {})
    assert found is not None
    assert found.pretty_name == RHEL6


def test_os_release_counts_more() -> None:
    tree = tree_of({"etc/redhat-release": RHEL6})
    assert FINGERPRINT.identify(tree, {"ID": "centos"}) is None
    assert FINGERPRINT.identify(tree, {"NAME": "without an ID"}) is not None


@pytest.mark.parametrize("text", ["", "nothing", b"\xff" * 100_000])
def test_a_file_without_a_release_says_nothing(text: str | bytes) -> None:
    assert FINGERPRINT.identify(tree_of({FILES[0][1:]: text}), {}) is None


def test_a_long_line_is_cut() -> None:
    found = FINGERPRINT.identify(tree_of({"etc/redhat-release": "X release " + "1" * 10**6}), {})
    assert found is not None
    assert (len(found.version), len(found.pretty_name)) == (32, 256)
