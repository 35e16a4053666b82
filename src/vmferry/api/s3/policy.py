# SPDX-License-Identifier: Apache-2.0
"""Bucket policies: what S3 accepts, and what they say to accounts that do not own the bucket.

The owner's account needs no policy and is not bound by one. A statement with a condition never
allows and always denies here, because nothing is known of its keys: the safe side of both.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html; IAM User Guide,
Policy evaluation logic.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vmferry.errors import ApiError
from vmferry.identity.conditions import NOTHING_KNOWN
from vmferry.identity.policy import Decision, Policy, evaluate, parse, requester_of
from vmferry.identity.wildcards import matches
from vmferry.units import KIB

if TYPE_CHECKING:
    from vmferry.model.identity import Principal

MAX_POLICY: Final = 20 * KIB


def check(text: str, bucket: str) -> None:
    """Refuse a document that S3 would not accept for ``bucket``.

    Raises:
        ApiError: ``MalformedPolicy``, with the cause.
    """
    if len(text.encode()) > MAX_POLICY:
        raise _malformed("Normalized size of the policy is larger than 20 KiB")
    try:
        policy = parse(text, bucket=True)
    except ApiError as error:
        raise _malformed(error.hint) from error
    for statement in policy.statements:
        if not all(action == "*" or action.startswith("s3:") for action in statement.actions):
            raise _malformed("Policy has invalid action")
        if not all(_within(resource, bucket) for resource in statement.resources):
            raise _malformed("Policy has invalid resource")


def decide(text: str, caller: Principal, action: str, resource: str) -> Decision:
    """Return what a stored policy says to ``action`` (``s3:GetObject``) on an ARN."""
    statements = [
        replace(statement, conditions={})
        for statement in parse(text, bucket=True).statements
        if not (statement.allows and statement.conditions)
    ]
    policy = Policy(tuple(statements))
    return evaluate(policy, action, resource, NOTHING_KNOWN, requester=requester_of(caller))


def public(text: str) -> bool:
    """Say whether a stored policy allows something to everybody."""
    return any(
        statement.allows
        and not statement.conditions
        and (statement.not_principals or "*" in (statement.principals or {}).get("AWS", ()))
        for statement in parse(text, bucket=True).statements
    )


def _within(resource: str, bucket: str) -> bool:
    name = re.sub(r"^arn:aws[a-z-]*:s3:::", "", resource).partition("/")[0]
    return name != resource and matches(name, bucket)


def _malformed(cause: str) -> ApiError:
    return ApiError("MalformedPolicy", cause)
