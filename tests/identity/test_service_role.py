# SPDX-License-Identifier: Apache-2.0
"""The role that an import uses, and why it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.identity.documents import ROLE_POLICY, document, trust

from vmferry.errors import ApiError
from vmferry.identity.service_role import refused

if TYPE_CHECKING:
    from vmferry.identity import Identity

ACCOUNT = "111122223333"
ARN = f"arn:aws:vmie:eu-west-1:{ACCOUNT}:import-ami-0123456789abcdef0"
REFUSED = (
    "The service role vmimport provided does not exist or does not have sufficient permissions"
)


def refusal(identity: Identity) -> str:
    """Return the hint of the refusal, whose text is always the same."""
    with pytest.raises(ApiError) as caught:
        identity.service_role(ACCOUNT, "eu-west-1", "vmimport", ARN)
    assert (caught.value.code, caught.value.message) == ("InvalidParameter", REFUSED)
    return caught.value.hint


def test_a_missing_role_is_refused_by_name(identity: Identity) -> None:
    assert refusal(identity) == f"There is no role vmimport in account {ACCOUNT}"


@pytest.mark.parametrize(
    "policy",
    [
        trust(),
        trust(StringEquals={"sts:ExternalId": "vmimport", "aws:SourceAccount": ACCOUNT}),
        trust(ArnLike={"aws:SourceArn": f"arn:aws:vmie:*:{ACCOUNT}:*"}),
        trust(StringLike={"aws:SourceArn": "arn:aws:vmie:eu-west-1:*"}),
    ],
)
def test_the_guides_trust_policies_are_accepted(identity: Identity, policy: str) -> None:
    identity.create_role(ACCOUNT, "vmimport", policy)
    assert identity.service_role(ACCOUNT, "eu-west-1", "vmimport", ARN).name == "vmimport"


@pytest.mark.parametrize(
    "policy",
    [
        trust(StringEquals={"sts:ExternalId": "other"}),
        trust(StringEquals={"aws:SourceAccount": "444455556666"}),
        trust(ArnLike={"aws:SourceArn": "arn:aws:vmie:*:444455556666:*"}),
        trust(DateLessThan={"aws:CurrentTime": "2999-01-01T00:00:00Z"}),
        trust().replace("vmie.amazonaws.com", "ec2.amazonaws.com"),
        trust().replace("sts:AssumeRole", "sts:TagSession"),
        trust().replace("Allow", "Deny"),
    ],
)
def test_a_role_that_does_not_trust_the_service_is_refused(identity: Identity, policy: str) -> None:
    identity.create_role(ACCOUNT, "vmimport", policy)
    hint = refusal(identity)
    assert "must allow sts:AssumeRole to the service vmie.amazonaws.com" in hint
    assert ARN in hint


def test_a_role_of_another_account_does_not_count(identity: Identity) -> None:
    identity.create_role("444455556666", "vmimport", trust())
    assert "There is no role" in refusal(identity)


def test_policies_are_taken_together(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    identity.put_role_policy(ACCOUNT, "vmimport", "a", ROLE_POLICY)
    role = identity.get_role(ACCOUNT, "vmimport")
    assert identity.allows(role, "s3:GetObject", "arn:aws:s3:::disk-bucket/x", {})
    assert not identity.allows(role, "s3:PutObject", "arn:aws:s3:::disk-bucket/x")
    denied = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    identity.put_role_policy(ACCOUNT, "vmimport", "b", denied)
    role = identity.get_role(ACCOUNT, "vmimport")
    assert not identity.allows(role, "s3:GetObject", "arn:aws:s3:::disk-bucket/x")


def test_the_hint_names_the_action_and_the_resource(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    role = identity.get_role(ACCOUNT, "vmimport")
    with pytest.raises(ApiError) as caught:
        identity.require(role, "s3:GetObject", "arn:aws:s3:::disk-bucket/x")
    assert caught.value.message == REFUSED
    assert caught.value.hint == (
        "The role's policies must allow s3:GetObject on arn:aws:s3:::disk-bucket/x: "
        "they say implicit deny"
    )


def test_the_text_names_the_role_as_given() -> None:
    assert refused("x", "").message.startswith("The service role x provided does not exist")
