# SPDX-License-Identifier: Apache-2.0
"""Engines that write guests' files. A module here exports ``ENGINE``.

An engine knows nothing of guests: it mounts what it is told and does what the edits say, in a
process of its own. What it writes on is a copy-on-write device that is thrown away when it fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vmferry.model.fixup import Edit

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Drive(NamedTuple):
    """One disk of the machine: an NBD server on a Unix socket, or a file in raw format."""

    socket: str = ""
    file: str = ""


class Mount(NamedTuple):
    """What is mounted where.

    Attributes:
        path: Where.
        device: As the appliance has it: ``/dev/sda1``, ``/dev/vg/root``.
        options: Of mount(8), or ``""``.
    """

    path: str
    device: str
    options: str = ""


class Session(Protocol):
    """A started engine with the machine's disks."""

    def settle(self, mounts: Sequence[Mount]) -> None:
        """Mount and unmount, so that journals are replayed. Raises ``GuestError``: it cannot be."""

    def apply(self, mounts: Sequence[Mount], edits: Sequence[Edit]) -> None:
        """Do the edits.

        Raises:
            GuestError: One cannot be done: the file system is full, read-only or damaged, or the
                file is not what the plan saw.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One way to write foreign file systems.

    Attributes:
        name: The module's name.
        start: Takes the drives, the boot disk first; whether processors must be emulated; a folder
            for scratch files; and what is called while it works, which may raise to stop it.
            Raises ``SetupError``: the engine is not installed or does not start.
    """

    name: str
    start: Callable[
        [Sequence[Drive], bool, Path, Callable[[], None]], AbstractContextManager[Session]
    ]


def device_name(disk: int, number: int, volume: str) -> str:
    """Return how Linux calls a partition, a whole disk (number 0) or a volume (``group/name``).

    Source: Linux, drivers/scsi/sd.c, sd_format_disk_name: a … z, aa, ab, ….
    """
    if volume:
        return f"/dev/{volume}"
    letters = ""
    ordinal = disk + 1
    while ordinal:
        ordinal, letter = divmod(ordinal - 1, len(LETTERS))
        letters = LETTERS[letter] + letters
    return f"/dev/sd{letters}{number or ''}"
