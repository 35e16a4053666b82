# SPDX-License-Identifier: Apache-2.0
"""GetCallerIdentity: who signed the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.api.actions import Action

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def _handle(call: Call) -> dict[str, Any]:
    caller = call.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


ACTION = Action(name="GetCallerIdentity", handle=_handle)
