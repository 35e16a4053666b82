# SPDX-License-Identifier: Apache-2.0
"""What a machine says on its serial console, for a person and for a program to read.

Firmware and boot loaders paint: they place the cursor and colour what they write. A placed cursor
becomes a new line, everything else that is no text is dropped. Only the end is kept.

Source: ECMA-48, 5th edition, section 5.4 (control sequences).
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from vmferry.units import KIB

KEPT: Final = 64 * KIB
"""Characters; a Debian 12 prints 48 KiB until it asks for a login."""

LONGEST_LINE: Final = 200

_PLACED: Final = re.compile(r"\x1b\[[0-9;]*[HJf]")
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[@-Z\\^_`-~=>])")
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]?|[()])?$")
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Console:
    """The end of what was said, as text.

    Args:
        kept: How many characters are kept.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._unfinished = ""
        self.text = ""
        self.length = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes; ``length`` counts the characters of text."""
        raw = self._unfinished + self._decoder.decode(data)
        cut = _UNFINISHED.search(raw)
        self._unfinished = raw[cut.start() :] if cut else ""
        raw = raw[: cut.start()] if cut else raw
        plain = _NO_TEXT.sub("", _SEQUENCE.sub("", _PLACED.sub("\n", raw)))
        self.length += len(plain)
        self.text = (self.text + plain)[-self._kept :]

    def since(self, length: int) -> str:
        """Return what was said after its first ``length`` characters, as far as it is kept."""
        new = self.length - length
        return self.text[-new:] if new > 0 else ""

    def lines(self, count: int) -> tuple[str, ...]:
        """Return the last ``count`` lines that say something, each cut to 200 characters."""
        lines = (line.rstrip() for line in self.text.split("\n"))
        said = [line[:LONGEST_LINE] for line in lines if line.strip()]
        return tuple(said[-count:])
