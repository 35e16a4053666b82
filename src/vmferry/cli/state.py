# SPDX-License-Identifier: Apache-2.0
"""A service's state directory as commands open it; the service may run meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.jobs._rooms import Rooms


def open_state(state_dir: Path | None) -> Rooms:
    """Return the rooms of a state directory.

    Args:
        state_dir: As named; ``None`` for that of the settings.

    Raises:
        SetupError: There is none: nothing is made by mistake.
    """
    from vmferry import config
    from vmferry.errors import SetupError
    from vmferry.jobs._rooms import open_rooms

    settings = config.load(state_dir=state_dir)
    if not settings.state_dir.is_dir():
        raise SetupError(
            f"{settings.state_dir}: found no state directory",
            hint="Name it with --state-dir or VMFERRY_STATE_DIR",
        )
    return open_rooms(settings)
