# SPDX-License-Identifier: Apache-2.0
"""Any Linux, by its os-release file taken at its word.

Source: os-release(5): ``ID`` is ``linux`` and ``PRETTY_NAME`` is ``Linux`` when they are not set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.guest.fingerprints import Fingerprint, Identity

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree


def identify(tree: Tree, release: dict[str, str]) -> Identity:
    """Return what os-release says."""
    return Identity(
        distribution=release.get("ID") or "linux",
        version=release.get("VERSION_ID", ""),
        pretty_name=release.get("PRETTY_NAME") or release.get("NAME") or "Linux",
    )


FINGERPRINT = Fingerprint(name="linux", rank=100, identify=identify)
