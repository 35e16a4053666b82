# SPDX-License-Identifier: Apache-2.0
"""Red Hat Enterprise Linux before 7, Fedora before 17, and what was made of them.

Each has one line, ``CentOS release 6.10 (Final)``. Oracle's systems have Red Hat's line as well, in
Red Hat's file, so the files of others are asked before that.

Source: redhat-release-5Server, centos-release-6, oraclelinux-release, enterprise-linux,
fedora-release and system-release (their /etc/*-release).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.fingerprints import Fingerprint, Identity, lines

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

FILES: Final = (
    *("/etc/oracle-release", "/etc/enterprise-release", "/etc/centos-release"),
    *("/etc/fedora-release", "/etc/system-release", "/etc/redhat-release"),
)
NAMES: Final = {
    "Oracle Linux": "ol",
    "Enterprise Linux Enterprise Linux": "ol",
    "Red Hat Enterprise Linux": "rhel",
    "Red Hat Linux": "redhat",
    "Amazon Linux": "amzn",
}
"""``ID`` that os-release has in later releases, or would have; others have their first word."""

VERSION: Final = re.compile(r"[0-9][0-9.]{0,31}")
LONGEST_LINE: Final = 256


def identify(tree: Tree, release: dict[str, str]) -> Identity | None:
    """Return what the first file with a release says."""
    for path in () if release.get("ID") else FILES:
        line = "".join(lines(tree, path)[:1])[:LONGEST_LINE].strip()
        name, found, rest = line.partition(" release ")
        if found:
            version = VERSION.match(rest)
            return Identity(_id(name), version[0] if version else "", line)
    return None


def _id(name: str) -> str:
    known = (own for begin, own in NAMES.items() if name.startswith(begin))
    return next(known, name.partition(" ")[0].lower())


FINGERPRINT = Fingerprint(name="red_hat", rank=10, files=FILES, identify=identify)
