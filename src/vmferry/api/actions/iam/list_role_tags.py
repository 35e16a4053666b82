# SPDX-License-Identifier: Apache-2.0
"""ListRoleTags: the tags of a role, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action
from vmferry.api.actions.iam import page, tag_members

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    tags = tag_members(
        call.services.identity.get_role(call.caller.account, call.params["RoleName"]).tags
    )
    shown, more = page(tags, lambda tag: tag["Key"], call.params)
    return {"Tags": shown, **more}


ACTION = Action(name="ListRoleTags", handle=_handle)
