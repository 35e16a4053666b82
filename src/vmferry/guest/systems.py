# SPDX-License-Identifier: Apache-2.0
"""Which system a tree of files is: by os-release, and before that by a file of its family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.guest import fingerprints, os_release
from vmferry.guest.fingerprints import Fingerprint
from vmferry.plugins import find

if TYPE_CHECKING:
    from vmferry.guest.filesystem import Tree
    from vmferry.guest.fingerprints import Identity

FAMILIES: Final = sorted(
    find(fingerprints, "FINGERPRINT", Fingerprint).values(), key=lambda family: family.rank
)
FOLDER: Final = "/etc"
MARKS: Final = tuple(dict.fromkeys(path for family in FAMILIES for path in family.files))
"""Any of them is in no other place than the root of a system."""


def is_root(tree: Tree) -> bool:
    """Tell whether a tree is the root of a system."""
    # A disk of data has no such folder, and its root directory may be long: it is not asked often.
    return bool(os_release.find(tree)) or (
        tree.is_dir(FOLDER) and any(tree.is_file(path) for path in MARKS)
    )


def identify(tree: Tree) -> Identity:
    """Return what the system calls itself.

    Raises:
        GuestError: Its os-release file is too long to be one.
    """
    path = os_release.find(tree)
    release = os_release.read(tree, path) if path else {}
    answers = (family.identify(tree, release) for family in FAMILIES)
    return next(identity for identity in answers if identity is not None)
