# SPDX-License-Identifier: Apache-2.0
"""GetCallerIdentity."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from vmferry.api.actions import Call
from vmferry.api.actions.sts.get_caller_identity import ACTION
from vmferry.model.identity import Principal

if TYPE_CHECKING:
    from vmferry.api.services import Services


def test_the_caller_is_told_who_it_is() -> None:
    caller = Principal(
        account="111122223333",
        arn="arn:aws:iam::111122223333:root",
        user_id="111122223333",
        canonical_id="0" * 64,
    )
    services = cast("Services", SimpleNamespace())
    call = Call(params={}, caller=caller, region="x", request_id="r", services=services)
    assert ACTION.handle(call) == {
        "UserId": "111122223333",
        "Account": "111122223333",
        "Arn": "arn:aws:iam::111122223333:root",
    }
