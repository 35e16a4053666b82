# SPDX-License-Identifier: Apache-2.0
"""Values for a model's shapes: from a case's JSON, or any at all."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from botocore.model import Shape

MOST_LEVELS = 5


def typed(shape: Shape, value: Any) -> Any:
    """Return a case's JSON with times and bytes where ``shape`` has them."""
    kind = shape.type_name
    if kind == "structure":
        return {
            name: typed(shape.members[name], inner)
            for name, inner in value.items()
            if inner is not None
        }
    if kind == "list":
        return [typed(shape.member, inner) for inner in value if inner is not None]
    if kind == "map":
        return {key: typed(shape.value, inner) for key, inner in value.items()}
    if value is None or shape.serialization.get("jsonvalue"):
        return value
    scalars: dict[str, Any] = {
        "timestamp": lambda: datetime.fromtimestamp(value, UTC),
        "blob": lambda: value.encode(),
        "float": lambda: float(value),
        "double": lambda: float(value),
    }
    return scalars.get(kind, lambda: value)()


def comparable(value: Any) -> Any:
    """Return ``value`` with what the wire cannot tell apart made equal."""
    if isinstance(value, dict):
        inner = {k: comparable(v) for k, v in value.items()}
        return {k: v for k, v in inner.items() if v not in ([], {}, None)}
    if isinstance(value, list):
        return [comparable(v) for v in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def values(shape: Shape, level: int = 0) -> st.SearchStrategy[Any]:
    """Return a strategy for values of ``shape``; members in headers are left out."""
    kind = shape.type_name
    if kind == "structure":
        members = {
            name: values(inner, level + 1)
            for name, inner in shape.members.items()
            if "location" not in inner.serialization
        }
        if level >= MOST_LEVELS:
            members = {}
        return st.fixed_dictionaries({}, optional=members)
    if kind == "list":
        return st.lists(values(shape.member, level + 1), max_size=2 if level < MOST_LEVELS else 0)
    if kind == "map":
        return st.dictionaries(_texts(), values(shape.value, level + 1), max_size=2)
    return _SCALARS[kind]


def _texts() -> st.SearchStrategy[str]:
    # XML 1.0 has no other characters; what is dropped is tested apart.
    legal = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
    return st.text(legal | st.sampled_from("<>&\"'\n\t\r"), max_size=12)


_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _texts(),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "float": st.floats(allow_nan=False),
    "blob": st.binary(max_size=16),
    "timestamp": st.integers(0, 2**32).map(lambda second: datetime.fromtimestamp(second, UTC)),
}
