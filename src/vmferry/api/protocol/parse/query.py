# SPDX-License-Identifier: Apache-2.0
"""The query protocols: ``Filter.1.Value.2=x`` in the form body, the query string, or both.

Two dialects share everything but names. EC2: ``queryName``, else the capitalised ``locationName``;
lists are always flattened (``Prefix.N``); an empty value counts as absent, because Packer sends
``Platform=``. IAM and STS: the serialisation name as it is; lists as ``Prefix.member.N``.

Names are matched exactly first and then without regard to case, because AWS's own samples write
``exportTaskId=`` and ``ExportToS3.S3bucket=``; ``Filter.N`` and ``Filters.N`` are the same.

Source: aws-behaviour.md 1.1; Smithy, awsQuery and ec2Query protocols.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from vmferry.api.protocol.parse.constraints import check
from vmferry.api.protocol.parse.scalars import scalar
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

    from vmferry.api.protocol.http import Request

MOST_PARAMETERS: Final = 10_000
MOST_ENTRIES: Final = 10_000
"""The largest index of a list; EC2's own lists end at 1,000."""
MOST_LEVELS: Final = 24
MOST_QUOTED: Final = 128
"""Characters of a bad value that an error repeats."""

_PROTOCOL: Final = frozenset(
    {
        "action", "version", "awsaccesskeyid", "signature", "signaturemethod",
        "signatureversion", "timestamp", "expires", "securitytoken",
    }
)  # fmt: skip
# An empty tag value and an empty attribute are values: CreateTags, ModifyImageAttribute.
_EMPTY_IS_A_VALUE: Final = "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What tells the two query protocols apart."""

    ec2: bool

    def name(self, shape: Shape, member: str) -> str:
        """Return the wire name of ``member``."""
        if not self.ec2:
            return _own_name(shape, member)
        if "queryName" in shape.serialization:
            return str(shape.serialization["queryName"])
        name = _own_name(shape, member)
        return name[:1].upper() + name[1:]


EC2: Final = Dialect(ec2=True)
QUERY: Final = Dialect(ec2=False)


@dataclass(slots=True)
class _Node:
    """One dotted name: its value, and the names below it."""

    name: str
    value: str | None = None
    children: dict[str, _Node] = field(default_factory=dict)

    def take(self, name: str) -> _Node | None:
        """Remove and return the child of that name, exactly or without regard to case."""
        if name in self.children:
            return self.children.pop(name)
        wanted = {name.lower(), *_SPELLINGS.get(name, ())}
        for key in self.children:
            if key.lower() in wanted:
                return self.children.pop(key)
        return None

    def numbered(self) -> list[_Node]:
        """Remove and return the children ``1``, ``2``, …; gaps are allowed."""
        indices = [key for key in self.children if key.isascii() and key.isdigit()]
        for key in indices:
            if len(key) > len(str(MOST_ENTRIES)) or int(key) > MOST_ENTRIES:
                raise _invalid(self.name, key, f"an index of at most {MOST_ENTRIES}")
        return [self.children.pop(key) for key in sorted(indices, key=int)]


_SPELLINGS: Final = {"Filter": ("filters",), "Filters": ("filter",)}


def parse_query(model: OperationModel, request: Request, dialect: Dialect) -> dict[str, Any]:
    """Return the parameters of ``request``; see ``parse.parse``."""
    root = _tree(fields(request))
    shape = model.input_shape
    params = _Parser(dialect).structure(shape, root) if shape else {}
    if not dialect.ec2:
        return params
    unknown = next(iter(root.children.values()), None)
    while unknown and unknown.children:
        unknown = next(iter(unknown.children.values()))
    if unknown:
        raise ApiError(
            "UnknownParameter", f"The parameter {unknown.name[:MOST_QUOTED]} is not recognized"
        )
    return params


def fields(request: Request) -> dict[str, str]:
    """Return the form's fields: the query string's, then the body's over them.

    Raises:
        ApiError: ``MalformedQueryString``: too many fields, or a body that is not UTF-8.
    """
    try:
        body = request.body.decode()
        return {
            name: value
            for text in (request.query, body)
            for name, value in parse_qsl(
                text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
            )
        }
    except ValueError:
        raise ApiError(
            "MalformedQueryString",
            "The query string contains a syntax error",
            hint=f"At most {MOST_PARAMETERS} parameters, percent-encoded UTF-8",
        ) from None


def _tree(pairs: dict[str, str]) -> _Node:
    root = _Node("")
    for name, value in pairs.items():
        if name.lower() in _PROTOCOL or name.lower().startswith("x-amz-"):
            continue
        parts = name.split(".")
        if len(parts) > MOST_LEVELS:
            raise ApiError(
                "UnknownParameter", f"The parameter {name[:MOST_QUOTED]} is not recognized"
            )
        node = root
        for depth, part in enumerate(parts, 1):
            node = node.children.setdefault(part, _Node(".".join(parts[:depth])))
        node.value = value
    return root


@dataclass(frozen=True, slots=True)
class _Parser:
    dialect: Dialect

    def structure(self, shape: StructureShape, node: _Node) -> dict[str, Any]:
        """Take the members of ``shape`` out of ``node``; what is left there is unknown."""
        found: dict[str, Any] = {}
        required = set(shape.required_members)
        for member, kind in shape.members.items():
            name = self.dialect.name(kind, member)
            child = node.take(name)
            if child is None or self._is_absent(kind, member, child):
                if member in required:
                    raise self._missing(f"{node.name}.{name}" if node.name else name, member)
                continue
            found[member] = self._value(kind, child)
            _keep_unknown(node, name, child)
        return found

    def _value(self, shape: Shape, node: _Node) -> object:
        if shape.type_name == "structure":
            return self.structure(shape, node)
        if shape.type_name == "list":
            return self._list(shape, node)
        if shape.type_name == "map":
            return self._map(shape, node)
        return self._scalar(shape, node)

    def _scalar(self, shape: Shape, node: _Node) -> object:
        text = node.value or ""
        node.value = None
        try:
            value = scalar(shape, text)
        except ValueError as error:
            raise _invalid(node.name, text, str(error)) from None
        if not self.dialect.ec2:
            check(shape, node.name, value)
        return value

    def _list(self, shape: ListShape, node: _Node) -> list[object]:
        if self.dialect.ec2 or shape.serialization.get("flattened"):
            return [self._entry(shape.member, child, node) for child in node.numbered()]
        between = node.take(str(shape.member.serialization.get("name", "member")))
        numbered = between.numbered() if between else []
        found = [self._entry(shape.member, child, node) for child in numbered]
        check(shape, node.name, found)
        return found

    def _entry(self, shape: Shape, child: _Node, node: _Node) -> object:
        value = self._value(shape, child)
        _keep_unknown(node, child.name.rpartition(".")[2], child)
        return value

    def _map(self, shape: MapShape, node: _Node) -> dict[str, object]:
        between = node if shape.serialization.get("flattened") else node.take("entry")
        found: dict[str, object] = {}
        for child in between.numbered() if between else []:
            key = child.take(_own_name(shape.key, "key"))
            value = child.take(_own_name(shape.value, "value"))
            if key is None or value is None:
                raise self._missing(f"{child.name}.key", "key")
            found[str(self._scalar(shape.key, key))] = self._value(shape.value, value)
        return found

    def _is_absent(self, shape: Shape, member: str, node: _Node) -> bool:
        if node.children:
            return False
        if shape.type_name in ("structure", "map"):
            return True
        if shape.type_name == "list":
            return self.dialect.ec2
        keeps_empty = shape.type_name == "string" and (
            not self.dialect.ec2 or member == _EMPTY_IS_A_VALUE
        )
        return node.value is None or (node.value == "" and not keeps_empty)

    def _missing(self, name: str, member: str) -> ApiError:
        if self.dialect.ec2:
            return ApiError("MissingParameter", f"The request must contain the parameter {name}")
        where = member[:1].lower() + member[1:]
        return ApiError(
            "ValidationError",
            f"1 validation error detected: Value at '{where}' failed to satisfy constraint: "
            "Member must not be null",
        )


def _own_name(shape: Shape, default: str) -> str:
    return str(shape.serialization.get("name", default))


def _keep_unknown(node: _Node, name: str, child: _Node) -> None:
    # What no member took stays in the tree, so that the first unknown name can be told.
    if child.children:
        node.children[name] = child


def _invalid(name: str, text: str, expected: str) -> ApiError:
    return ApiError(
        "InvalidParameterValue",
        f"Value ({text[:MOST_QUOTED]}) for parameter {name[:MOST_QUOTED]} is invalid. "
        f"Expected {expected}",
    )
