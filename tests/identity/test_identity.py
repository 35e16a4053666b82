# SPDX-License-Identifier: Apache-2.0
"""The room from nothing to a usable role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.identity.documents import ROLE_POLICY, trust

if TYPE_CHECKING:
    from vmferry.identity import Identity


def test_the_guides_way_from_nothing_to_a_usable_role(identity: Identity) -> None:
    account = identity.first_start().principal.account
    identity.create_role(account, "vmimport", trust())
    identity.put_role_policy(account, "vmimport", "vmimport", ROLE_POLICY)
    arn = f"arn:aws:vmie:us-east-1:{account}:import-snap-0123456789abcdef0"
    role = identity.service_role(account, "us-east-1", "vmimport", arn)
    identity.require(role, "s3:GetBucketLocation", "arn:aws:s3:::disk-bucket")
