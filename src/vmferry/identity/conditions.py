# SPDX-License-Identifier: Apache-2.0
"""Conditions of a policy's statement.

Keys are matched without regard to case: real trust policies write ``sts:Externalid``. An operator
that is not known here makes an Allow not match and a Deny match: it cannot widen what is allowed.

Source: IAM User Guide, IAM JSON policy elements: Condition operators; set operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from vmferry.identity.wildcards import matches, matches_arn

if TYPE_CHECKING:
    from collections.abc import Callable

Context = Mapping[str, str | Sequence[str]]
"""What is known of a request, by condition key, such as ``aws:SourceAccount``."""

NOTHING_KNOWN: Final[Context] = MappingProxyType({})

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Operator, then key, then the values any of which will do."""


def hold(conditions: Conditions, context: Context, *, unknown: bool) -> bool:
    """Say whether every condition holds.

    Args:
        conditions: Of one statement.
        context: What is known of the request.
        unknown: What an operator that is not known counts as.
    """
    known = {key.lower(): _texts(value) for key, value in context.items()}
    return all(
        _holds(operator, values, known.get(key.lower()), unknown=unknown)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _holds(
    operator: str, values: tuple[str, ...], found: tuple[str, ...] | None, *, unknown: bool
) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return any((found is None) == (value.lower() == "true") for value in values)
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = name in _NEGATED
    test = _OPERATORS.get(_NEGATED.get(name, name))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        return unknown
    if found is None:
        return optional or negated or quantifier == "ForAllValues"
    verdicts = [any(test(value, text) for value in values) != negated for text in found]
    # Without a quantifier, any value will do; a negated operator wants it of all of them.
    strict = quantifier == "ForAllValues" or (negated and not quantifier)
    return all(verdicts) if strict else any(verdicts)


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _same_address(network: str, text: str) -> bool:
    try:
        return ip_address(text) in ip_network(network, strict=False)
    except ValueError:
        return False


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda value, text: value == text,
    "StringEqualsIgnoreCase": lambda value, text: value.lower() == text.lower(),
    "StringLike": matches,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
    "Bool": lambda value, text: value.lower() == text.lower(),
    "IpAddress": _same_address,
}

_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
}
