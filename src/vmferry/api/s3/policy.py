# SPDX-License-Identifier: Apache-2.0
"""Bucket policies: what is accepted, and what they allow accounts that do not own the bucket.

The owner's account needs no policy and is not bound by one. A statement with a condition never
allows and always denies here, because its keys are not evaluated: the safe side of both.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and
…_evaluation-logic.html.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import ApiError
from vmferry.units import KIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmferry.model.identity import Principal

MAX_POLICY: Final = 20 * KIB

_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_PRINCIPALS: Final = ("AWS", "CanonicalUser", "Service", "Federated")


def check(text: str, bucket: str) -> None:
    """Refuse a document that S3 would not accept for ``bucket``.

    Raises:
        ApiError: ``MalformedPolicy``, with the cause.
    """
    if len(text.encode()) > MAX_POLICY:
        raise _malformed("Normalized size of the policy is larger than 20 KiB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed("Policies must be valid JSON and the first byte must be '{'") from error
    if not isinstance(document, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    statements = document.get("Statement")
    if not isinstance(statements, list | dict) or not statements:
        raise _malformed("Missing required field Statement")
    for statement in _list(statements):
        _check_statement(statement, bucket)


def _check_statement(statement: object, bucket: str) -> None:
    if not isinstance(statement, dict):
        raise _malformed("Invalid policy syntax.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {str(statement.get('Effect'))[:64]}")
    for names in (("Principal", "NotPrincipal"), ("Action", "NotAction")):
        if sum(name in statement for name in names) != 1:
            raise _malformed(f"Missing required field {names[0]}")
    for principal in ("Principal", "NotPrincipal"):
        if principal in statement and not _valid_principal(statement[principal]):
            raise _malformed("Invalid principal in policy")
    _check_scope(statement, bucket)


def _check_scope(statement: dict[str, Any], bucket: str) -> None:
    for action in _texts(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and not action.lower().startswith("s3:"):
            raise _malformed("Policy has invalid action")
    resources = list(_texts(statement.get("Resource", statement.get("NotResource", []))))
    if not resources:
        raise _malformed("Missing required field Resource")
    for resource in resources:
        name = re.sub(r"^arn:aws[a-z-]*:s3:::", "", resource).partition("/")[0]
        if name == resource or not _like(name, bucket):
            raise _malformed("Policy has invalid resource")


def _valid_principal(value: object) -> bool:
    if value == "*":
        return True
    return (
        isinstance(value, dict)
        and bool(value)
        and set(value) <= set(_PRINCIPALS)
        and all(list(_texts(names)) for names in value.values())
    )


def allows(text: str, caller: Principal, action: str, resource: str) -> bool:
    """Say whether a stored policy allows ``action`` (``s3:GetObject``) on an ARN."""
    allowed = False
    for statement in _list(json.loads(text).get("Statement", [])):
        if not (
            _names(statement, "Principal", lambda value: _is(value, caller))
            and _names(statement, "Action", lambda value: _any_like(value, action.lower()))
            and _names(statement, "Resource", lambda value: _any_like(value, resource, case=True))
        ):
            continue
        if statement["Effect"] == "Deny":
            return False
        allowed = allowed or not statement.get("Condition")
    return allowed


def _names(statement: dict[str, Any], field: str, test: Any) -> bool:  # noqa: ANN401
    if field in statement:
        return bool(test(statement[field]))
    return not test(statement[f"Not{field}"])


def _is(value: object, caller: Principal) -> bool:
    if value == "*":
        return True
    if not isinstance(value, dict):
        return False
    root = f"arn:aws:iam::{caller.account}:root"
    known = {"*", caller.account, root, caller.arn}
    return any(name in known for name in _texts(value.get("AWS", []))) or any(
        name == caller.canonical_id for name in _texts(value.get("CanonicalUser", []))
    )


def _any_like(value: object, text: str, *, case: bool = False) -> bool:
    return any(_like(pattern if case else pattern.lower(), text) for pattern in _texts(value))


def _like(pattern: str, text: str) -> bool:
    """Match ``*`` and ``?``; the stars are collapsed so that no pattern takes long."""
    parts = re.sub(r"\*+", "*", pattern).split("*")
    places = [re.escape(part).replace(r"\?", ".") for part in parts]
    position, last = 0, len(places) - 1
    for index, place in enumerate(places):
        compiled = re.compile(place, re.DOTALL)
        if index == 0:
            match = compiled.match(text)
        elif index == last:
            match = re.compile(f"(?:{place})\\Z", re.DOTALL).search(text, position)
        else:
            match = compiled.search(text, position)
        if match is None:
            return False
        position = match.end()
    return last > 0 or position == len(text)


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]


def _texts(value: object) -> Iterator[str]:
    values: Iterable[object] = _list(value)
    for item in values:
        if not isinstance(item, str):
            raise _malformed("Invalid policy syntax.")
        yield item


def _malformed(cause: str) -> ApiError:
    return ApiError("MalformedPolicy", cause)
