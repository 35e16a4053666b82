# SPDX-License-Identifier: Apache-2.0
"""``vmferry image undo`` on a state directory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.catalog.records import OWNER, image, snapshot
from typer.testing import CliRunner

from vmferry import config
from vmferry.catalog import images, snapshots
from vmferry.cli.main import build
from vmferry.jobs._rooms import open_rooms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("output", ["json", "table"])
def test_undo(tmp_path: Path, output: str) -> None:
    rooms = open_rooms(config.load(state_dir=tmp_path, environ={}))
    mended = replace(snapshot(), original="t.0")
    given = image(snapshots=(mended.id,))
    with rooms.engine.begin() as connection:
        snapshots.add(connection, mended)
        images.add(connection, given)
    words = ["image", "undo", given.id, "--state-dir", str(tmp_path), "--output", output]
    answer = CliRunner().invoke(build(), words)
    assert answer.exit_code == 0, answer.output
    made = json.loads(answer.output)["ImageId"] if output == "json" else answer.output.split()[0]
    assert rooms.images.find(OWNER, made).name == "debian-unmodified"
    rooms.engine.dispose()


def test_no_state_directory(tmp_path: Path) -> None:
    words = ["image", "undo", "ami-0123456789abcdef0", "--state-dir", str(tmp_path / "none")]
    answer = CliRunner().invoke(build(), words)
    assert answer.exit_code == 1
    assert "found no state directory" in answer.output
    assert "VMFERRY_STATE_DIR" in answer.output
    assert not (tmp_path / "none").exists()
