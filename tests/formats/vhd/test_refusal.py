# SPDX-License-Identifier: Apache-2.0
"""Errors have AWS's text, and say what to do."""

from __future__ import annotations

from tests.formats.vhd.recipes import AWS_TEXT

from vmferry.formats.vhd.refusal import AWS_FOOTERS, damaged


def test_damaged() -> None:
    error = damaged("footer", 5, found=1, expected=2)
    assert error.status_message == (
        f"{AWS_TEXT} (vhd: footer at byte 5: found 1, expected 2. Export the disk once more)"
    )
    assert damaged("x", aws_text=AWS_FOOTERS).aws_text == "ClientError: Footers not identical"
