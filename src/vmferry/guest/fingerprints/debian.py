# SPDX-License-Identifier: Apache-2.0
"""Debian, by os-release since 7 and by /etc/debian_version before.

Testing and unstable have no ``VERSION_ID``; /etc/debian_version then says ``sid``.

Source: Debian's base-files (os-release, /etc/debian_version).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.fingerprints import Fingerprint, Identity, lines

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

VERSION_FILE: Final = "/etc/debian_version"
LONGEST_VERSION: Final = 64


def identify(tree: Tree, release: dict[str, str]) -> Identity | None:
    """Return what Debian says about itself; its children have an ``ID`` of their own."""
    name = release.get("ID", "")
    version = release.get("VERSION_ID") or "".join(lines(tree, VERSION_FILE)[:1])[:LONGEST_VERSION]
    if name != "debian" and (name or not version):
        return None
    own = "Debian GNU/Linux" if name else f"Debian GNU/Linux {version}"
    return Identity("debian", version.strip(), release.get("PRETTY_NAME") or own)


FINGERPRINT = Fingerprint(name="debian", rank=30, files=(VERSION_FILE,), identify=identify)
