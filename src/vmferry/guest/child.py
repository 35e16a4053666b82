# SPDX-License-Identifier: Apache-2.0
"""The inspecting process: asks its parent for bytes, looks, answers, ends.

It is started with a socket as descriptor 0 and nothing else. Everything it needs is imported before
the doors close; afterwards it can open nothing.
"""

from __future__ import annotations

import socket
from typing import Final

from vmferry.errors import GuestError
from vmferry.guest import wire
from vmferry.guest.look import look
from vmferry.guest.planning import plan
from vmferry.guest.sandbox import ADDRESS_SPACE, close_doors
from vmferry.units import human

TOO_MUCH: Final = GuestError(
    f"inspection: needs more than {human(ADDRESS_SPACE)} of memory",
    hint="A file system is damaged: run fsck in the machine and export it again",
)


class RemoteDisk:
    """A disk whose bytes the parent reads."""

    def __init__(self, parent: socket.socket, index: int, size: int) -> None:
        self._parent = parent
        self._index = index
        self.size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """Ask for ``length`` bytes from ``offset`` and wait for them."""
        self._parent.sendall(wire.HEADER.pack(wire.READ, self._index, offset, length))
        return wire.receive(self._parent, length)


def main() -> None:
    """Look at the parent's disks, plan if that is asked, and answer on descriptor 0."""
    with socket.socket(fileno=0) as parent:
        close_doors()
        (length,) = wire.COUNT.unpack(wire.receive(parent, wire.COUNT.size))
        asked = wire.from_json(wire.Question, wire.receive(parent, length))
        disks = [RemoteDisk(parent, index, size) for index, size in enumerate(asked.sizes)]
        try:
            kind, data = wire.ANSWER, _answer(disks, asked)
        except GuestError as error:
            kind, data = wire.ERROR, wire.error_to_json(error)
        except MemoryError:
            kind, data = wire.ERROR, wire.error_to_json(TOO_MUCH)
        parent.sendall(wire.HEADER.pack(kind, 0, 0, len(data)) + data)


def _answer(disks: list[RemoteDisk], asked: wire.Question) -> bytes:
    """Return the facts or the plan; what the parent would not take is a refusal that says so."""
    if asked.choices is None:
        data, longest = wire.to_json(look(disks)), wire.LONGEST_ANSWER
    else:
        data, longest = wire.to_json(plan(disks, asked.choices)), wire.LONGEST_PLAN
    if len(data) > longest:
        raise GuestError(
            f"inspection: found {human(len(data))} to tell, expected at most {human(longest)}",
            hint="A configuration file, such as grub.cfg, is damaged: repair it in the machine",
        )
    return data
