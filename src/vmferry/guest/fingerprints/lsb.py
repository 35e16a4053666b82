# SPDX-License-Identifier: Apache-2.0
"""Distributions that described themselves to LSB only: Ubuntu before 12.04 and its children.

    DISTRIB_ID=Ubuntu
    DISTRIB_RELEASE=10.04
    DISTRIB_DESCRIPTION="Ubuntu 10.04.4 LTS"

Red Hat's lsb-release file says nothing of a distribution. Debian's version file, which these have
too, names the Debian that they come from.

Source: LSB 5.0 Common, lsb_release; Ubuntu's base-files 5.0.0ubuntu20 (etc/lsb-release).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest import os_release
from vmferry.guest.fingerprints import Fingerprint, Identity, lines

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

FILE: Final = "/etc/lsb-release"


def identify(tree: Tree, release: dict[str, str]) -> Identity | None:
    """Return what the file says, if it names a distribution."""
    said = {} if release.get("ID") else os_release.parse("\n".join(lines(tree, FILE)))
    name = said.get("DISTRIB_ID", "")
    if not name:
        return None
    version = said.get("DISTRIB_RELEASE", "")
    return Identity(
        name.lower(), version, said.get("DISTRIB_DESCRIPTION") or f"{name} {version}".strip()
    )


FINGERPRINT = Fingerprint(name="lsb", rank=20, files=(FILE,), identify=identify)
