# SPDX-License-Identifier: Apache-2.0
"""DeleteRole: remove a role that has no inline policies left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.delete_role(call.caller.account, call.params["RoleName"])
    return {}


ACTION = Action(name="DeleteRole", handle=_handle)
