# SPDX-License-Identifier: Apache-2.0
"""ListRoles: the account's roles, below a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import page, role_members

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    prefix = call.params.get("PathPrefix", "/")
    roles = call.services.identity.list_roles(call.caller.account, prefix)
    shown, more = page(roles, lambda role: role.name, call.params)
    return {"Roles": [role_members(role) for role in shown], **more}


ACTION = Action(name="ListRoles", handle=_handle)
