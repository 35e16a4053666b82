# SPDX-License-Identifier: Apache-2.0
"""Debian. Its testing and unstable have no ``VERSION_ID``; /etc/debian_version then says ``sid``.

Source: Debian's base-files (os-release, /etc/debian_version).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.fingerprints import Fingerprint, Identity

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

VERSION_FILE: Final = "/etc/debian_version"
LONGEST_VERSION: Final = 64


def identify(tree: Tree, release: dict[str, str]) -> Identity | None:
    """Return what Debian says about itself; its children have an ``ID`` of their own."""
    if release.get("ID") != "debian":
        return None
    version = release.get("VERSION_ID", "")
    if not version and tree.is_file(VERSION_FILE):
        version = tree.read_file(VERSION_FILE, LONGEST_VERSION).decode("ascii", "replace").strip()
    return Identity("debian", version, release.get("PRETTY_NAME") or "Debian GNU/Linux")


FINGERPRINT = Fingerprint(name="debian", rank=0, identify=identify)
