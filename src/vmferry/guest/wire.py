# SPDX-License-Identifier: Apache-2.0
"""What the two processes of an inspection say to each other, over one socket pair.

The parent sends a request (a u32 length, JSON); the child asks for bytes, gets exactly those, and
at last answers. The answer is JSON: the child has parsed hostile bytes, so the
parent takes nothing from it that could run (no pickle), and takes every field by its type.

    Dec  Hex  Request                            Dec  Hex  Answer
      0  0x00 "R"                                  0  0x00 "A" answer or "E" error
      1  0x01 disk             u8                  1  0x01 0                u8
      2  0x02 offset           u64                 2  0x02 0                u64
     10  0x0A length           u32                10  0x0A length of JSON   u32
"""

from __future__ import annotations

import dataclasses
import functools
import json
import struct
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args, get_origin, get_type_hints

from vmferry.errors import GuestError
from vmferry.model.fixup import Choices, Plan
from vmferry.model.guest import GuestFacts
from vmferry.units import MIB

if TYPE_CHECKING:
    import socket

HEADER: Final = struct.Struct("<cBQI")
COUNT: Final = struct.Struct("<I")
READ: Final = b"R"
ANSWER: Final = b"A"
ERROR: Final = b"E"
LONGEST_ANSWER: Final = 2 * MIB
"""Of facts and errors."""

LONGEST_PLAN: Final = 64 * MIB
"""Of a plan, which carries what is added to an initramfs."""

LONGEST_READ: Final = MIB
LONGEST_MESSAGE: Final = 2000
"""Characters of an error's."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the child is asked.

    Attributes:
        sizes: Of the disks in bytes, the boot disk first.
        choices: Asks for a ``Plan`` by these choices; ``None`` asks for ``GuestFacts``.
    """

    sizes: tuple[int, ...]
    choices: Choices | None = None


class ClosedError(Exception):
    """The other process is gone."""


def receive(peer: socket.socket, length: int) -> bytes:
    """Return exactly ``length`` bytes. Raises ``ClosedError`` when the other end is closed."""
    data = bytearray()
    while len(data) < length:
        piece = peer.recv(length - len(data))
        if not piece:
            raise ClosedError
        data += piece
    return bytes(data)


NONSENSE: Final = "inspection: the inspecting process answered nonsense"


def to_json(value: Question | GuestFacts | Plan) -> bytes:
    """Return a value as JSON."""
    return json.dumps(asdict(value)).encode()


def from_json(kind: type[T], data: bytes) -> T:
    """Return the value of ``kind`` that ``to_json`` wrote.

    Raises:
        GuestError: It is no such value.
    """
    try:
        value = _value(kind, json.loads(data))
    except (ValueError, TypeError, RecursionError) as error:
        raise GuestError(NONSENSE) from error
    if not isinstance(value, kind):
        raise GuestError(NONSENSE)
    return value


def facts_from_json(data: bytes) -> GuestFacts:
    """Return the facts that the child found.

    Raises:
        GuestError: They are no facts, or cannot be.
    """
    facts = from_json(GuestFacts, data)
    if not 0 <= facts.root < len(facts.partitions):
        raise GuestError(NONSENSE)
    return facts


def plan_from_json(data: bytes) -> Plan:
    """Return the plan that the child made.

    Raises:
        GuestError: It is no plan, or has names that lead out of their folders.
    """
    plan = from_json(Plan, data)
    parts = [part for edit in plan.edits for part in edit.path.split("/")[1:]]
    names = [*parts, *(edit.backup or "x" for edit in plan.edits)]
    absolute = [edit.path for edit in plan.edits] + [mount.path for mount in plan.mounts]
    if not all(path.startswith("/") and "\0" not in path for path in absolute) or not all(
        name not in ("", ".", "..") and "/" not in name and "\0" not in name for name in names
    ):
        raise GuestError(NONSENSE)
    return plan


def _value(kind: Any, found: Any) -> Any:  # noqa: ANN401
    """Return a value of the annotation ``kind``, made only of what JSON can say."""
    if is_dataclass(kind) and isinstance(kind, type):
        fields = {field.name for field in dataclasses.fields(kind)}
        if not isinstance(found, dict) or found.keys() != fields:
            raise TypeError(kind.__name__)
        hints = _hints(kind)
        return kind(**{name: _value(hints[name], found[name]) for name in fields})
    if get_origin(kind) is tuple:
        (inner, _) = get_args(kind)
        if not isinstance(found, list):
            raise TypeError(kind)
        return tuple(_value(inner, each) for each in found)
    if get_origin(kind) is UnionType:
        (inner, _) = get_args(kind)
        return None if found is None else _value(inner, found)
    if issubclass(kind, StrEnum):
        return kind(found)
    if type(found) is not kind:
        raise TypeError(kind)
    return found


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def error_to_json(error: GuestError) -> bytes:
    """Return the error as JSON."""
    return json.dumps([_short(error.message), error.hint, error.aws_text]).encode()


def _short(message: str) -> str:
    """Return a message without its rest: a guest can have very long names, and many of them."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"


def error_from_json(data: bytes) -> GuestError:
    """Return the error that the child met; nonsense becomes an error of its own."""
    try:
        message, hint, aws_text = map(_text, json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return GuestError(NONSENSE)
    return GuestError(message, hint=hint, aws_text=aws_text)
