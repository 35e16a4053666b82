# SPDX-License-Identifier: Apache-2.0
"""The role that the service takes on to read and write a caller's buckets.

AWS answers every reason with one text, and people then guess for hours; here the hint names the
check that failed. The text comes first, because Terraform waits for it after CreateRole.

Source: aws-behaviour.md 2.2, 10, 11-N; the guide's trust policy, L641-659 and L761-787.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import ApiError
from vmferry.identity.policy import Decision, Requester, evaluate, parse

if TYPE_CHECKING:
    from vmferry.identity.conditions import Context
    from vmferry.identity.roles import Roles
    from vmferry.model.identity import Role

SERVICE: Final = "vmie.amazonaws.com"
EXTERNAL_ID: Final = "vmimport"


def assume(roles: Roles, account: str, region: str, name: str, task_arn: str) -> Role:
    """Return the role if it trusts the service; see ``Identity.service_role``."""
    try:
        role = roles.get_role(account, name)
    except ApiError:
        raise refused(name, f"There is no role {name} in account {account}") from None
    requester: Requester = {"Service": frozenset({SERVICE, f"vmie.{region}.amazonaws.com"})}
    context = {
        "sts:ExternalId": EXTERNAL_ID,
        "aws:SourceAccount": account,
        "aws:SourceArn": task_arn,
        "aws:RequestedRegion": region,
    }
    policy = parse(role.trust_policy, trust=True)
    decision = evaluate(policy, "sts:AssumeRole", "", context, requester=requester)
    if decision is not Decision.ALLOW:
        raise refused(
            name,
            f"The role's trust policy must allow sts:AssumeRole to the service {SERVICE} "
            f"(sts:ExternalId {EXTERNAL_ID}, aws:SourceAccount {account}, "
            f"aws:SourceArn {task_arn}): it says {decision}",
        )
    return role


def allows(role: Role, action: str, resource: str, context: Context) -> bool:
    """Say whether the role's inline policies, taken together, allow ``action``."""
    return _decide(role, action, resource, context) is Decision.ALLOW


def require(role: Role, action: str, resource: str, context: Context) -> None:
    """Refuse unless the role allows ``action``; see ``Identity.require``."""
    decision = _decide(role, action, resource, context)
    if decision is not Decision.ALLOW:
        raise refused(
            role.name,
            f"The role's policies must allow {action} on {resource}: they say {decision}",
        )


def refused(name: str, cause: str) -> ApiError:
    """Return AWS's refusal of a service role, with the cause as its hint."""
    return ApiError(
        "InvalidParameter",
        f"The service role {name} provided does not exist or does not have sufficient permissions",
        hint=cause,
    )


def _decide(role: Role, action: str, resource: str, context: Context) -> Decision:
    decisions = {
        evaluate(parse(document), action, resource, context) for document in role.policies.values()
    }
    for decision in (Decision.DENY, Decision.ALLOW):
        if decision in decisions:
            return decision
    return Decision.IMPLICIT_DENY
