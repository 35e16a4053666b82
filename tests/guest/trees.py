# SPDX-License-Identifier: Apache-2.0
"""Guests' files in memory, for the parts of inspection that see paths only."""

from __future__ import annotations

from dataclasses import dataclass, field

from vmferry.guest.filesystem import Node, NodeKind, Tree


@dataclass(slots=True)
class MemoryNode:
    """A file (``data``), a directory (``entries``) or a link (``link``)."""

    data: bytes | None = None
    link: str = ""
    entries: dict[str, MemoryNode] = field(default_factory=dict)

    @property
    def kind(self) -> NodeKind:
        """What it is."""
        if self.link:
            return NodeKind.LINK
        return NodeKind.DIRECTORY if self.data is None else NodeKind.FILE

    @property
    def size(self) -> int:
        """Bytes of a file."""
        return len(self.data or b"")

    def child(self, name: str) -> Node | None:
        """Return the entry of a directory."""
        return self.entries.get(name)

    def names(self, most: int) -> list[str]:
        """Return the names in a directory."""
        return list(self.entries)[:most]

    def read(self, length: int) -> bytes:
        """Return the first bytes of a file."""
        return (self.data or b"")[:length]

    def target(self) -> str:
        """Return where a link points."""
        return self.link


def node_of(files: dict[str, str | bytes]) -> MemoryNode:
    """Return the directory that holds ``files`` by path; ``->x`` is a link to x."""
    root = MemoryNode()
    for path, content in files.items():
        *parents, name = path.split("/")
        here = root
        for parent in parents:
            here = here.entries.setdefault(parent, MemoryNode())
        if isinstance(content, str) and content.startswith("->"):
            here.entries[name] = MemoryNode(link=content[2:])
        else:
            data = content.encode() if isinstance(content, str) else content
            here.entries[name] = MemoryNode(data=data)
    return root


def tree_of(files: dict[str, str | bytes]) -> Tree:
    """Return a guest's tree of ``files``."""
    return Tree(node_of(files))
