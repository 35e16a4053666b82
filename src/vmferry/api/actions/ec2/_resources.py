# SPDX-License-Identifier: Apache-2.0
"""Resources by their ids, of whatever kind: what tags can be put on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from vmferry.api.actions import Call

TYPES: Final = {
    "ami": "image",
    "snap": "snapshot",
    "import-ami": "import-image-task",
    "import-snap": "import-snapshot-task",
    "export-ami": "export-image-task",
}
"""Resource types by id prefix (aws-behaviour.md 1.7)."""


def resource_type(resource: str) -> str:
    """Return the type of an id, ``""`` for an unknown prefix."""
    return TYPES.get(resource.rpartition("-")[0], "")


def check_resource(call: Call, resource: str) -> None:
    """Refuse an id that is not of a resource of the caller, each kind with its own code."""
    kind = resource_type(resource)
    if kind == "image":
        call.services.images.find(call.owner, resource)
    elif kind == "snapshot":
        call.services.snapshots.find(call.owner, resource)
    else:
        task = call.services.tasks.records.get(resource) if kind else None
        if task is None or task.owner != call.owner:
            raise ApiError("InvalidID", f"The ID '{resource}' is not valid")
