# SPDX-License-Identifier: Apache-2.0
"""GetRolePolicy: one inline policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import document

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    name, policy = call.params["RoleName"], call.params["PolicyName"]
    text = call.services.identity.get_role_policy(call.caller.account, name, policy)
    return {"RoleName": name, "PolicyName": policy, "PolicyDocument": document(text)}


ACTION = Action(name="GetRolePolicy", handle=_handle)
