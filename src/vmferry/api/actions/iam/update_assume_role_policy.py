# SPDX-License-Identifier: Apache-2.0
"""UpdateAssumeRolePolicy: replace who may take a role on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.update_assume_role_policy(
        call.caller.account, call.params["RoleName"], call.params["PolicyDocument"]
    )
    return {}


ACTION = Action(name="UpdateAssumeRolePolicy", handle=_handle)
