# SPDX-License-Identifier: Apache-2.0
"""DeleteRolePolicy: remove an inline policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.delete_role_policy(
        call.caller.account, call.params["RoleName"], call.params["PolicyName"]
    )
    return {}


ACTION = Action(name="DeleteRolePolicy", handle=_handle)
