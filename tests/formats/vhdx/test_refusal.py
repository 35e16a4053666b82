# SPDX-License-Identifier: Apache-2.0
"""Refusals say what, where, found and expected, and what AWS would say."""

from __future__ import annotations

from vmferry.formats.vhdx.refusal import damaged, differencing, unsupported

AWS_TEXT = "ClientError: Disk validation failed [Unsupported specified file format]"


def test_damage_says_where_and_what_to_do() -> None:
    error = damaged("log", 4096, found="nothing", expected="an entry")
    assert error.message == "vhdx: log at byte 4096: found nothing, expected an entry"
    assert error.aws_text == AWS_TEXT
    assert error.hint == "Export the disk once more"


def test_what_is_not_known_has_its_own_hint() -> None:
    error = unsupported("header version", found=2, expected=1, hint="Convert it")
    assert error.status_message == (
        f"{AWS_TEXT} (vhdx: header version: found 2, expected 1. Convert it)"
    )


def test_a_differencing_disk_is_named() -> None:
    assert differencing().status_message.startswith(f"{AWS_TEXT} (vhdx: the disk is differencing")
    assert "Merge it" in differencing().hint
