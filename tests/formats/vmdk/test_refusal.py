# SPDX-License-Identifier: Apache-2.0
"""The texts of a refused VMDK: AWS's words first, then the cause and what to do."""

from __future__ import annotations

from vmferry.formats.vmdk.refusal import bad_grain, damaged, unsupported


def test_unsupported_says_what_where_found_expected() -> None:
    error = unsupported("header version", where=4, found=9, expected="1, 2 or 3", hint="Convert it")
    assert error.status_message == (
        "ClientError: Disk validation failed [Unsupported VMDK File Format] "
        "(vmdk: header version at byte 4: found 9, expected 1, 2 or 3. Convert it)"
    )


def test_damaged_and_bad_grain_say_what_to_do() -> None:
    assert damaged("footer", 7).hint == "Export the disk once more"
    error = bad_grain("marker", 65536, found="sector 1", expected=0)
    assert error.message == "vmdk: grain marker at byte 65536: found sector 1, expected 0"
    assert error.status_message.startswith("ClientError: Uncompressed data has invalid length (")
