# SPDX-License-Identifier: Apache-2.0
"""XML of the model's shapes, written as text: a tree in between would double the cost of a list.

Source: Smithy, XML binding traits (``xmlName``, ``xmlFlattened``, ``xmlAttribute``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.protocol.serialise import scalars

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

Member = Any
"""What a member holds is the model's business; mypy cannot know it."""

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

# What XML 1.0 forbids (section 2.2, Char), lone surrogates among them.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}
)
_ATTRIBUTE: Final = str.maketrans({"\n": "&#xA;", "\t": "&#x9;"})


def escape(text: str) -> str:
    """Return ``text`` for the inside of an element, without what XML forbids."""
    return _FORBIDDEN.sub("", text).translate(_SPECIAL)


def element(name: str, inside: str, *, attributes: str = "") -> str:
    """Return one element; ``inside`` is XML, ``attributes`` begins with a space."""
    return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"


def members(shape: StructureShape, value: dict[str, Any]) -> str:
    """Return the elements of the members that ``value`` has, in the model's order."""
    return "".join(
        _member(kind, _name(kind, member), value[member])
        for member, kind in shape.members.items()
        if value.get(member) is not None
        and not kind.serialization.get("location")
        and not kind.serialization.get("xmlAttribute")
    )


def attributes(shape: StructureShape, value: dict[str, Any]) -> str:
    """Return the attributes of a structure and the namespace that the model gives it."""
    space = shape.serialization.get("xmlNamespace")
    found = ""
    if isinstance(space, dict):
        prefix = f":{space['prefix']}" if space.get("prefix") else ""
        found += f' xmlns{prefix}="{escape(space["uri"])}"'
    for member, kind in shape.members.items():
        if kind.serialization.get("xmlAttribute") and value.get(member) is not None:
            content = escape(str(value[member])).translate(_ATTRIBUTE)
            found += f' {_name(kind, member)}="{content}"'
    return found


def _member(shape: Shape, name: str, value: Member) -> str:
    if shape.type_name == "structure":
        return element(name, members(shape, value), attributes=attributes(shape, value))
    if shape.type_name == "list":
        return _list(shape, name, value)
    if shape.type_name == "map":
        return _map(shape, name, value)
    return element(name, escape(scalars.text(shape, value)))


def _list(shape: ListShape, name: str, values: list[Any]) -> str:
    inner = shape.member
    if shape.serialization.get("flattened"):
        return "".join(_member(inner, name, value) for value in values)
    item = str(inner.serialization.get("name", "member"))
    return element(name, "".join(_member(inner, item, value) for value in values))


def _map(shape: MapShape, name: str, values: dict[str, Any]) -> str:
    flat = shape.serialization.get("flattened")
    entries = "".join(
        element(
            name if flat else "entry",
            _member(shape.key, _name(shape.key, "key"), key)
            + _member(shape.value, _name(shape.value, "value"), value),
        )
        for key, value in values.items()
    )
    return entries if flat else element(name, entries)


def _name(shape: Shape, member: str) -> str:
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        # The name of a flattened list's entries is that of its member shape, where it has one.
        inner = shape.member.serialization.get("name")
        if inner is not None:
            return str(inner)
    return str(shape.serialization.get("name", member))
