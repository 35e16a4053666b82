# SPDX-License-Identifier: Apache-2.0
"""CreateRole: make a role that trusts whom its policy names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import role_members, tag_members, tags_of

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    params = call.params
    role = call.services.identity.create_role(
        call.caller.account,
        params["RoleName"],
        params["AssumeRolePolicyDocument"],
        path=params.get("Path", "/"),
        description=params.get("Description", ""),
        max_session_s=params.get("MaxSessionDuration", 3600),
        tags=tags_of(params.get("Tags", [])),
    )
    members = role_members(role)
    return {"Role": {**members, "Tags": tag_members(role.tags)} if role.tags else members}


ACTION = Action(name="CreateRole", handle=_handle)
