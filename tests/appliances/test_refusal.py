# SPDX-License-Identifier: Apache-2.0
"""The texts of a refused appliance."""

from __future__ import annotations

from vmferry.appliances.refusal import CHUNKED, bad_archive, bad_ovf


def test_aws_text_comes_first() -> None:
    assert bad_archive("members", 512, found="a link", hint="Export again").status_message == (
        "ClientError: Disk validation failed [Unsupported OVA format] "
        "(ova: members at byte 512: found a link. Export again)"
    )
    assert bad_ovf("memory", found="'x'", expected="a whole number").status_message == (
        "ClientError: Disk validation failed [OVF file parsing error: memory] "
        "(ovf: memory: found 'x', expected a whole number)"
    )
    assert bad_ovf("file", aws=CHUNKED).aws_text == (
        "ClientError: Disk validation failed "
        "[OVF file parsing error: OVA with chunked disk files is not supported]"
    )
