# SPDX-License-Identifier: Apache-2.0
"""GetRole: one role with its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import role_members, tag_members

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    role = call.services.identity.get_role(call.caller.account, call.params["RoleName"])
    members = role_members(role)
    return {"Role": {**members, "Tags": tag_members(role.tags)} if role.tags else members}


ACTION = Action(name="GetRole", handle=_handle)
