# SPDX-License-Identifier: Apache-2.0
"""The structures are as long as their tables say, and numbers are the specification's."""

from __future__ import annotations

from vmferry.blocks.nbd import protocol
from vmferry.blocks.nbd.protocol import Errno, ExportFlag, RefusedError, Reply


def test_structures_are_as_long_as_their_tables_say() -> None:
    sizes = {"OPTION": 16, "OPTION_REPLY": 20, "REQUEST": 28, "SIMPLE": 16, "CHUNK": 20}
    assert {name: getattr(protocol, name).size for name in sizes} == sizes
    assert protocol.GREETING == b"NBDMAGICIHAVEOPT\x00\x03"


def test_error_replies_have_bit_31() -> None:
    assert {kind.name for kind in Reply if kind >> 31} == {"UNSUPPORTED", "INVALID", "UNKNOWN"}
    assert int(ExportFlag.CAN_MULTI_CONN | ExportFlag.SEND_CACHE) == 0x500


def test_a_refusal_has_a_number_and_a_text() -> None:
    error = RefusedError(Errno.EINVAL, "no")
    assert (error.errno, error.text, str(error)) == (22, "no", "no")
