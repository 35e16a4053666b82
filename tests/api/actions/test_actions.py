# SPDX-License-Identifier: Apache-2.0
"""What holds for every action, whichever service it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from vmferry import plugins
from vmferry.api.actions import Action, Call
from vmferry.api.app import PACKAGES
from vmferry.api.protocol import models
from vmferry.model.catalog import Owner
from vmferry.model.identity import Principal

if TYPE_CHECKING:
    from vmferry.api.services import Services


@pytest.mark.parametrize("service", PACKAGES)
def test_every_action_is_one_of_the_service(service: str) -> None:
    known = models.service(service).operation_names
    found = plugins.find(PACKAGES[service], "ACTION", Action)
    assert found
    assert {action.name for action in found.values()} <= set(known)


def test_resources_belong_to_the_callers_account_and_the_requests_region() -> None:
    caller = Principal(account="123456789012", arn="a", user_id="u", canonical_id="c")
    call = Call(
        params={},
        caller=caller,
        region="eu-west-1",
        request_id="r",
        services=cast("Services", None),
    )
    assert call.owner == Owner(account="123456789012", region="eu-west-1")
