# SPDX-License-Identifier: Apache-2.0
"""ListAttachedRolePolicies: none ever; vmferry has inline policies only, and Terraform asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.get_role(call.caller.account, call.params["RoleName"])
    return {"AttachedPolicies": [], "IsTruncated": False}


ACTION = Action(name="ListAttachedRolePolicies", handle=_handle)
