# SPDX-License-Identifier: Apache-2.0
"""The shell blocks of the documents, so that tests run what readers copy.

A block is named by a comment on the line above it, which no renderer shows:

    <!-- block: import -->
    ```sh
    aws ec2 import-image …
    ```

and the flow that runs it asks for it by ``block("import")``. ``test_readme.py`` refuses blocks
without a name, names that are used twice, and blocks that no test asks for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK: Final = re.compile(
    r"(?:^<!-- block: (?P<name>[a-z0-9-]+) -->\n)?"
    r"^```(?:sh|bash|shell|console)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One shell block of a document; ``name`` is ``""`` when it has none."""

    document: Path
    line: int
    name: str
    text: str


def blocks(root: Path = ROOT) -> Iterator[Block]:
    """Yield every shell block of the README and of ``docs/``."""
    for document in (root / "README.md", *sorted((root / "docs").rglob("*.md"))):
        text = document.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(document, line, match["name"] or "", match["text"])


def block(name: str, root: Path = ROOT) -> str:
    """Return the text of the block that has this name.

    Raises:
        LookupError: No document has such a block.
    """
    for found in blocks(root):
        if found.name == name:
            return found.text
    raise LookupError(f"no document has a shell block named {name!r}")
