# SPDX-License-Identifier: Apache-2.0
"""TagRole: add or replace tags of a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import tags_of

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    call.services.identity.tag_role(
        call.caller.account, call.params["RoleName"], tags_of(call.params["Tags"])
    )
    return {}


ACTION = Action(name="TagRole", handle=_handle)
