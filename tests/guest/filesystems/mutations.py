# SPDX-License-Identifier: Apache-2.0
"""Damage by chance: whatever a disk's bytes are, inspection ends soon, in facts or a refusal."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

from tests.guest.test_inspection import Memory

from vmferry.errors import GuestError
from vmferry.guest import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP: Final = 64
PATIENCE_S: Final = 10


def mutated(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Yield ``count`` copies of ``data``, each with some bytes changed where it is not empty."""
    chance = random.Random(seed)
    used = [at for at in range(0, len(data), STEP) if any(data[at : at + STEP])]
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 4, 32, 256))):
            at = min(chance.choice(used) + chance.randrange(STEP), len(data) - 1)
            copy[at] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
        yield bytes(copy)


def with_field(data: bytes, at: int, values: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield a copy of ``data`` for each value at ``at``."""
    for value in values:
        yield data[:at] + value + data[at + len(value) :]


def outcome(*disks: bytes) -> str:
    """Return the distribution that is found, or the refusal; a bug in the child fails the test."""
    start = time.monotonic()
    try:
        said = inspect([Memory(data) for data in disks], deadline_s=PATIENCE_S).distribution
    except GuestError as error:
        said = error.message
    assert time.monotonic() - start < PATIENCE_S + 2
    assert "status" not in said, "the child has a bug"
    return said
