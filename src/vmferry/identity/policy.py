# SPDX-License-Identifier: Apache-2.0
"""Policy documents: of roles, of who may take a role on, and of buckets.

An explicit Deny wins over every Allow; what nothing allows is denied. Policy variables
(``${aws:username}``) are not replaced: vmferry has no users that they could stand for.

Source: IAM User Guide, IAM JSON policy reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vmferry.errors import ApiError
from vmferry.identity.conditions import hold
from vmferry.identity.wildcards import matches

if TYPE_CHECKING:
    from vmferry.identity.conditions import Conditions, Context
    from vmferry.model.identity import Principal, Role

MOST_CHARACTERS: Final = 131_072

Requester = Mapping[str, frozenset[str]]
"""Who asks, by kind of principal: ``{"Service": {"vmie.amazonaws.com"}}``."""

_FIELDS: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition",
    }
)  # fmt: skip
_KINDS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class Decision(StrEnum):
    """What a policy says to one request."""

    ALLOW = "allow"
    DENY = "deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. Of ``actions`` and ``resources`` the ``not_`` flag turns the sense."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: Requester | None
    not_principals: bool
    conditions: Conditions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed document."""

    statements: tuple[Statement, ...]


@lru_cache(maxsize=1024)
def parse(document: str, *, trust: bool = False, bucket: bool = False) -> Policy:
    """Return the policy that ``document`` describes.

    Args:
        document: JSON.
        trust: It says who may take a role on: it needs a principal and has no resource.
        bucket: It says who may use a bucket: it needs a principal and a resource.

    Raises:
        ApiError: ``MalformedPolicyDocument``; the hint tells what is wrong.
    """
    if len(document) > MOST_CHARACTERS:
        _malformed(f"It has {len(document)} characters, at most {MOST_CHARACTERS} are read")
    try:
        content = json.loads(document)
    except (ValueError, RecursionError):
        _malformed(_not_json(document))
    if not isinstance(content, dict):
        _malformed("A policy is a JSON object")
    if content.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        _malformed("Version must be 2012-10-17 or 2008-10-17")
    if not set(content) <= {"Version", "Id", "Statement"}:
        _malformed("A policy has Version, Id and Statement")
    statements = content.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        _malformed("Statement must be an object or a list of them")
    needs = _Needs(principal=trust or bucket, resource=not trust)
    return Policy(tuple(_statement(each, needs) for each in statements))


def evaluate(
    policy: Policy,
    action: str,
    resource: str,
    context: Context,
    *,
    requester: Requester | None = None,
) -> Decision:
    """Return what ``policy`` says.

    Args:
        policy: From ``parse``.
        action: Such as ``s3:GetObject``; case does not matter.
        resource: An ARN; ``""`` for a trust policy.
        context: Condition keys and their values.
        requester: Who asks, where the policy names principals; see ``requester_of``.
    """
    said = [
        statement.allows
        for statement in policy.statements
        if _applies(statement, action, resource, requester)
        and hold(statement.conditions, context, unknown=not statement.allows)
    ]
    if not said:
        return Decision.IMPLICIT_DENY
    return Decision.ALLOW if all(said) else Decision.DENY


def requester_of(who: Principal | Role) -> Requester:
    """Return the names by which policies may mean ``who``."""
    names = {"AWS": frozenset({who.arn, who.account, f"arn:aws:iam::{who.account}:root"})}
    canonical = getattr(who, "canonical_id", "")
    return {**names, "CanonicalUser": frozenset({canonical})} if canonical else names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needs:
    principal: bool
    resource: bool


def _statement(content: object, needs: _Needs) -> Statement:
    if not isinstance(content, dict) or not set(content) <= _FIELDS:
        _malformed(f"A statement is an object of {', '.join(sorted(_FIELDS))}")
    if content.get("Effect") not in ("Allow", "Deny"):
        _malformed("Effect must be Allow or Deny")
    actions, not_actions = _either(content, "Action", needed=True)
    if any(":" not in action and action != "*" for action in actions):
        _malformed("An action is written service:Name, or *")
    resources, not_resources = _either(content, "Resource", needed=needs.resource)
    named = [name for name in ("Principal", "NotPrincipal") if name in content]
    if len(named) != needs.principal:
        wanted = "one of Principal and NotPrincipal" if needs.principal else "no Principal"
        _malformed(f"A statement of this policy has {wanted}")
    return Statement(
        allows=content["Effect"] == "Allow",
        actions=tuple(action.lower() for action in actions),
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=_principals(content[named[0]]) if named else None,
        not_principals="NotPrincipal" in content,
        conditions=_conditions(content.get("Condition", {})),
    )


def _either(content: dict[str, Any], name: str, *, needed: bool) -> tuple[tuple[str, ...], bool]:
    given = [key for key in (name, f"Not{name}") if key in content]
    if len(given) != needed:
        wanted = f"one of {name} and Not{name}" if needed else f"no {name}"
        _malformed(f"A statement of this policy has {wanted}")
    return (_texts(content[given[0]], given[0]), given[0] != name) if given else ((), False)


def _texts(value: object, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        _malformed(f"{name} must be a text or a list of texts")
    return tuple(values)


def _principals(value: object) -> Requester:
    if value == "*":
        return {kind: frozenset({"*"}) for kind in _KINDS}
    if not isinstance(value, dict) or not value or not set(value) <= _KINDS:
        _malformed(f"Principal must be * or an object of {', '.join(sorted(_KINDS))}")
    return {kind: frozenset(_texts(names, "Principal")) for kind, names in value.items()}


def _conditions(value: object) -> Conditions:
    if not isinstance(value, dict) or not all(isinstance(keys, dict) for keys in value.values()):
        _malformed("Condition must be an object of operators, each an object of keys")
    return {
        operator: {key: _scalars(values) for key, values in keys.items()}
        for operator, keys in value.items()
    }


def _scalars(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, (str, bool, int, float)) for each in values):
        _malformed("A condition's value must be a text, a number, true or false")
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)


def _applies(statement: Statement, action: str, resource: str, requester: Requester | None) -> bool:
    if _any(statement.actions, action.lower()) == statement.not_actions:
        return False
    if statement.resources and _any(statement.resources, resource) == statement.not_resources:
        return False
    if statement.principals is None:
        return True
    named = any(
        not statement.principals.get(kind, frozenset()).isdisjoint({*names, "*"})
        for kind, names in (requester or {}).items()
    )
    return named != statement.not_principals


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(matches(pattern, text) for pattern in patterns)


def _not_json(document: str) -> str:
    if document.strip().startswith(("{", "[")):
        return "It is not JSON"
    return "It is not JSON; to send a file, write file://name"


def _malformed(cause: str) -> NoReturn:
    raise ApiError("MalformedPolicyDocument", "Syntax errors in policy", hint=cause)
