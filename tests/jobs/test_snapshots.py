# SPDX-License-Identifier: Apache-2.0
"""The record of an imported snapshot, as AWS describes it."""

from __future__ import annotations

from tests.catalog.records import OWNER

from vmferry.jobs._snapshots import imported
from vmferry.model import ids


def test_the_record_names_its_task() -> None:
    made = imported(OWNER, "import-ami-0123456789abcdef0", 12345, "import-ami-0123456789abcdef0.1")
    assert ids.valid("snap", made.id)
    assert (made.owner, made.size, made.state) == (OWNER, 12345, "completed")
    assert made.map_id == "import-ami-0123456789abcdef0.1"
    assert made.description == ("Created by AWS-VMImport service for import-ami-0123456789abcdef0")
    assert not made.encrypted
