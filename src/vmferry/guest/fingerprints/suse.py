# SPDX-License-Identifier: Apache-2.0
"""SUSE Linux Enterprise before 11 SP4 and openSUSE before 12.2.

    SUSE Linux Enterprise Server 11 (x86_64)
    VERSION = 11
    PATCHLEVEL = 3

Source: sles-release-11 and openSUSE-release (/etc/SuSE-release).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest.fingerprints import Fingerprint, Identity, lines

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree

FILE: Final = "/etc/SuSE-release"
NAMES: Final = {
    "SUSE Linux Enterprise Server": "sles",
    "SUSE Linux Enterprise Desktop": "sled",
    "openSUSE": "opensuse",
}
LONGEST_LINE: Final = 256


def identify(tree: Tree, release: dict[str, str]) -> Identity | None:
    """Return what the file says; its version has the service pack behind a dot, as os-release."""
    said = [] if release.get("ID") else lines(tree, FILE)
    if not said:
        return None
    title = said[0][:LONGEST_LINE].partition("(")[0].strip()
    values = {name.strip(): value.strip() for name, _, value in (x.partition("=") for x in said)}
    version, pack = values.get("VERSION", ""), values.get("PATCHLEVEL", "0")
    known = (own for begin, own in NAMES.items() if title.startswith(begin))
    if pack == "0":
        return Identity(next(known, "suse"), version, title)
    return Identity(next(known, "suse"), f"{version}.{pack}", f"{title} SP{pack}")


FINGERPRINT = Fingerprint(name="suse", rank=10, files=(FILE,), identify=identify)
