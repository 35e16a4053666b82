# SPDX-License-Identifier: Apache-2.0
"""XML bodies by the model's shapes; hostile: no entity, no document type, no network, no depth.

Source: Smithy, XML binding traits; hostile-input.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from lxml import etree

from vmferry.api.protocol.parse.scalars import scalar
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

    Element = etree._Element

MOST_BYTES: Final = 4 << 20
"""DeleteObjects and CompleteMultipartUpload carry at most 1 MiB and 10,000 parts."""


def root(body: bytes) -> Element:
    """Return the root element of ``body``.

    Raises:
        ApiError: ``MalformedXML``.
    """
    if len(body) > MOST_BYTES:
        _malformed(f"The body has {len(body)} bytes, at most {MOST_BYTES} are read")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True, huge_tree=False,
    )  # fmt: skip
    try:
        element = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        _malformed(str(error)[:200])
    if element.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        _malformed("A document type is not accepted")
    return element


def structure(shape: StructureShape, node: Element) -> dict[str, Any]:
    """Return the members of ``shape`` that ``node`` has; elements it does not know are ignored.

    Raises:
        ApiError: ``MalformedXML``: a value has the wrong type, or a required member is missing.
    """
    children: dict[str, list[Element]] = {}
    for child in node.iterchildren("*"):
        children.setdefault(etree.QName(child).localname, []).append(child)
    found: dict[str, Any] = {}
    for member, kind in shape.members.items():
        if kind.serialization.get("location"):
            continue
        name = _name(kind, member)
        if kind.serialization.get("xmlAttribute"):
            text = _attribute(node, name)
            if text is not None:
                found[member] = text
        elif name in children:
            found[member] = _value(kind, children[name])
        elif member in shape.required_members:
            _malformed(f"{name} is missing in {etree.QName(node).localname}")
    return found


def json_value(text: str) -> object:
    """Return the JSON value of a header that carries base64 of it."""
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise ApiError("InvalidArgument", "A header is not base64 of JSON") from None


def _value(shape: Shape, nodes: list[Element]) -> object:
    if shape.type_name == "structure":
        return structure(shape, nodes[0])
    if shape.type_name == "list":
        return _list(shape, nodes)
    if shape.type_name == "map":
        return _map(shape, nodes)
    text = "".join(map(str, nodes[0].itertext()))
    try:
        return scalar(shape, text if shape.type_name == "string" else text.strip())
    except ValueError as error:
        _malformed(f"{etree.QName(nodes[0]).localname} is {text[:128]}, expected {error}")


def _list(shape: ListShape, nodes: list[Element]) -> list[object]:
    flat = shape.serialization.get("flattened")
    entries = nodes if flat else list(nodes[0].iterchildren("*"))
    return [_value(shape.member, [entry]) for entry in entries]


def _map(shape: MapShape, nodes: list[Element]) -> dict[str, object]:
    flat = shape.serialization.get("flattened")
    found: dict[str, object] = {}
    for entry in nodes if flat else nodes[0].iterchildren("*"):
        parts = {etree.QName(part).localname: part for part in entry.iterchildren("*")}
        key = parts.get(_name(shape.key, "key"))
        value = parts.get(_name(shape.value, "value"))
        if key is None or value is None:
            _malformed("A map's entry has no key or no value")
        found[str(key.text or "")] = _value(shape.value, [value])
    return found


def _name(shape: Shape, member: str) -> str:
    return str(shape.serialization.get("name", member))


def _attribute(node: Element, name: str) -> str | None:
    # The model writes "xsi:type"; the parser has replaced the prefix by its namespace.
    wanted = name.rpartition(":")[2]
    for key, value in node.attrib.items():
        if etree.QName(key).localname == wanted:
            return str(value)
    return None


def _malformed(cause: str) -> NoReturn:
    raise ApiError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        hint=cause,
    )
