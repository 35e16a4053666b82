# SPDX-License-Identifier: Apache-2.0
"""State directories are opened where they are, and never made by a command that only looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.cli.state import open_state
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path


def test_one_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMFERRY_STATE_DIR", str(tmp_path))
    for named in (tmp_path, None):
        rooms = open_state(named)
        assert rooms.config.state_dir == tmp_path
        assert rooms.snapshots.map_ids() == set()
        rooms.engine.dispose()


def test_one_that_is_not(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="none: found no state directory") as caught:
        open_state(tmp_path / "none")
    assert "VMFERRY_STATE_DIR" in caught.value.hint
    assert not (tmp_path / "none").exists()
