# SPDX-License-Identifier: Apache-2.0
"""UntagRole: remove tags of a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.untag_role(
        call.caller.account, call.params["RoleName"], call.params["TagKeys"]
    )
    return {}


ACTION = Action(name="UntagRole", handle=_handle)
