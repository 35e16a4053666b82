# SPDX-License-Identifier: Apache-2.0
"""ListRolePolicies: the names of a role's inline policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import page

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    names = call.services.identity.list_role_policies(call.caller.account, call.params["RoleName"])
    shown, more = page(names, str, call.params)
    return {"PolicyNames": shown, **more}


ACTION = Action(name="ListRolePolicies", handle=_handle)
