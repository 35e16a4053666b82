# SPDX-License-Identifier: Apache-2.0
"""rest-xml requests: parameters in the path, the query string, headers and an XML body.

Source: Smithy, HTTP protocol bindings and restXml.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from vmferry.api.protocol.parse import xml
from vmferry.api.protocol.parse.scalars import scalar
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import ListShape, OperationModel, Shape, StructureShape

    from vmferry.api.protocol.http import Request

MOST_PARAMETERS: Final = 1_000

# The value of a list in one header: "quoted, with \" inside" or up to the next comma. A time of
# RFC 822 has a comma after the day's name.
_HEADER_ENTRY: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')
_HEADER_TIME: Final = re.compile(r"\s*((?:[A-Za-z]{3}, )?[^,]+?)\s*(?:,|$)")


def parse_rest(model: OperationModel, request: Request) -> dict[str, Any]:
    """Return the parameters of ``request``; see ``parse.parse``."""
    shape = model.input_shape
    if shape is None:
        return {}
    found = {
        **_path(model, shape, request),
        **_query(shape, request.query),
        **_headers(shape, request.headers),
        **_body(shape, request.body),
    }
    for member in shape.required_members:
        kind = shape.members[member]
        if member not in found and kind.type_name != "blob":
            raise _missing(shape, member)
    return found


def _path(model: OperationModel, shape: StructureShape, request: Request) -> dict[str, object]:
    template = model.http["requestUri"].partition("?")[0]
    names, pattern = _template(template)
    match = pattern.fullmatch(request.path)
    if match is None:
        return {}
    texts = {name: unquote(text) for name, text in zip(names, match.groups(), strict=True)}
    return {
        member: _scalar(kind, member, texts[_wire(kind, member)])
        for member, kind in shape.members.items()
        if kind.serialization.get("location") == "uri" and _wire(kind, member) in texts
    }


@cache
def _template(text: str) -> tuple[list[str], re.Pattern[str]]:
    names = re.findall(r"{(.*?)\+?}", text)
    pattern = "".join(
        ("(.+)" if part.endswith("+}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in re.split(r"({.*?})", text)
    )
    return names, re.compile(f"{pattern}/?" if pattern.endswith("([^/]+)") else pattern, re.DOTALL)


def _query(shape: StructureShape, text: str) -> dict[str, object]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise ApiError(
            "InvalidURI", f"The query string has more than {MOST_PARAMETERS} parameters"
        ) from None
    members = {
        member: kind
        for member, kind in shape.members.items()
        if kind.serialization.get("location") == "querystring"
    }
    found: dict[str, object] = {}
    for member, kind in members.items():
        if kind.type_name == "map":
            continue
        texts = [value for name, value in pairs if name == _wire(kind, member)]
        if kind.type_name == "list" and texts:
            found[member] = [_scalar(kind.member, member, value) for value in texts]
        elif texts and (texts[-1] or kind.type_name == "string"):
            found[member] = _scalar(kind, member, texts[-1])
    _query_maps(members, pairs, found)
    return found


def _query_maps(
    members: dict[str, Shape], pairs: list[tuple[str, str]], found: dict[str, object]
) -> None:
    named = {_wire(kind, member) for member, kind in members.items() if kind.type_name != "map"}
    for member, kind in members.items():
        if kind.type_name != "map":
            continue
        rest: dict[str, Any] = {}
        for name, value in pairs:
            if name in named:
                continue
            if kind.value.type_name == "list":
                rest.setdefault(name, []).append(value)
            else:
                rest[name] = value
        if rest:
            found[member] = rest


def _headers(shape: StructureShape, headers: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for member, kind in shape.members.items():
        place = kind.serialization.get("location")
        name = _wire(kind, member).lower()
        if place == "headers":
            found[member] = {
                key[len(name) :]: value for key, value in headers.items() if key.startswith(name)
            }
        elif place == "header" and name in headers:
            text = headers[name]
            if kind.type_name == "list":
                found[member] = _header_list(kind, member, text)
            elif text or kind.type_name == "string":
                found[member] = _scalar(kind, member, text, time_format="rfc822")
    return found


def _header_list(shape: ListShape, member: str, text: str) -> list[object]:
    kind = shape.member
    if kind.type_name == "timestamp":
        texts = [entry[1] for entry in _HEADER_TIME.finditer(text)]
    else:
        texts = [
            re.sub(r"\\(.)", r"\1", entry[1]) if entry[1] is not None else entry[2].strip()
            for entry in _HEADER_ENTRY.finditer(text)
            if entry[0]
        ]
    return [_scalar(kind, member, entry, time_format="rfc822") for entry in texts]


def _body(shape: StructureShape, body: bytes) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        if not body or all("location" in kind.serialization for kind in shape.members.values()):
            return {}
        return xml.structure(shape, xml.root(body))
    kind = shape.members[payload]
    if kind.type_name == "blob" or not body:
        return {}
    if kind.type_name == "string":
        try:
            return {payload: body.decode()}
        except UnicodeDecodeError:
            raise ApiError("InvalidRequest", "The request body is not UTF-8") from None
    return {payload: xml.structure(kind, xml.root(body))}


def _wire(shape: Shape, member: str) -> str:
    return str(shape.serialization.get("name", member))


def _scalar(shape: Shape, member: str, text: str, *, time_format: str = "iso8601") -> object:
    if shape.serialization.get("jsonvalue"):
        return xml.json_value(text)
    try:
        return scalar(shape, text, time_format=time_format)
    except ValueError as error:
        raise ApiError(
            "InvalidArgument",
            f"Argument {_wire(shape, member)} is {text[:128]}, expected {error}",
        ) from None


def _missing(shape: StructureShape, member: str) -> ApiError:
    if shape.serialization.get("payload") == member:
        return ApiError("MissingRequestBodyError", "Request Body is empty")
    name = _wire(shape.members[member], member)
    return ApiError("InvalidRequest", f"Missing required parameter for this request: {name}")
