# SPDX-License-Identifier: Apache-2.0
"""The order of kernel releases: as dpkg orders versions, so that 6.1.0-10 is newer than 6.1.0-9.

Source: Debian Policy Manual, section 5.6.12 (Version): alternately the longest prefix without
digits, where ``~`` sorts before the end, letters before other characters; then digits as a number.
"""

from __future__ import annotations

import re
from typing import Final

TOKENS: Final = re.compile(r"([^0-9]*)([0-9]*)")
END: Final = 0

Key = tuple[tuple[tuple[int, ...], int], ...]


def key(release: str) -> Key:
    """Return what sorts ``release`` among others."""
    tokens = TOKENS.findall(release)
    return tuple(((*map(_weight, text), END), int(digits or 0)) for text, digits in tokens)


def _weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isascii() and character.isalpha() else ord(character) + 256
