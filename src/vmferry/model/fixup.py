# SPDX-License-Identifier: Apache-2.0
"""What is changed in a guest so that it boots and can be reached: choices, edits, the plan.

A plan is made from what can be read, and says every change before anything is written. It is JSON
on the task, and all that the engine that writes is told.

Source: the guide, "Programmatic modifications"; aws-behaviour.md, 11-R.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Network(StrEnum):
    """What becomes of static addresses."""

    DHCP = "dhcp"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the operator wants of the fix-ups.

    Attributes:
        fixups: The names of those that run.
        network: ``dhcp`` turns static addresses into DHCP; ``keep`` keeps them, and ties the names
            of cards to their MAC addresses.
        macs: The cards' MAC addresses, as the appliance has them, the first card first.
    """

    fixups: tuple[str, ...]
    network: Network = Network.DHCP
    macs: tuple[str, ...] = ()


class Action(StrEnum):
    """What is done to a path.

    ``write`` gives a file other bytes, or makes it; ``append`` adds bytes at a file's end;
    ``remove`` leaves only the kept original; ``link`` makes a symbolic link.
    """

    WRITE = "write"
    APPEND = "append"
    REMOVE = "remove"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Which fix-up wants an edit, and why, in words."""

    fixup: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one path.

    Attributes:
        path: In the guest's tree, with every link followed: no part of it is a symbolic link, but
            the last may be one that ``link`` or ``remove`` replaces.
        action: What is done.
        reasons: Why, in the order of the fix-ups.
        before: A text's bytes until now (``encode``), a link's target; ``None`` when nothing is
            there, ``""`` for ``append``.
        after: Its new bytes (``encode``), a link's target, what is appended in base64; ``""`` for
            ``remove``.
        size: Bytes of the file until now.
        digest: SHA-256 of them, hexadecimal; ``""`` when nothing or a link is there.
        backup: The name, in the same folder, that the original gets; ``""`` when there is none.
        mode: Permission bits of a file that is made.
    """

    path: str
    action: Action
    reasons: tuple[Reason, ...]
    before: str | None = None
    after: str = ""
    size: int = 0
    digest: str = ""
    backup: str = ""
    mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMount:
    """What has to be mounted so that the edits' paths are there.

    Attributes:
        path: Where, ``/`` first.
        disk: Index of the disk.
        number: Of the partition; 0 for a whole disk.
        volume: ``group/name`` of a volume, ``""`` for a partition.
        options: Which subvolume of Btrfs: ``subvol=…`` or ``subvolid=…``; ``""`` elsewhere.
        clean: Whether its journal is empty, so that what was read is what is there.
    """

    path: str
    disk: int
    number: int
    volume: str = ""
    options: str = ""
    clean: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that will be done to a guest.

    Attributes:
        edits: In the order of their paths.
        mounts: What holds them, and what holds the places that they name.
        notes: What should be mended and cannot be, in words; each begins with its fix-up's name.
    """

    edits: tuple[Edit, ...] = ()
    mounts: tuple[GuestMount, ...] = ()
    notes: tuple[str, ...] = ()


ENCODING: Final = ("utf-8", "surrogateescape")
"""Of ``before`` and ``after``: whatever bytes a file has come back as they were."""


def decode(data: bytes) -> str:
    """Return a file's bytes as the text that edits carry."""
    return data.decode(*ENCODING)


def encode(text: str) -> bytes:
    """Return the bytes of a text that an edit carries."""
    return text.encode(*ENCODING)
