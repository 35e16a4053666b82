# SPDX-License-Identifier: Apache-2.0
"""The format that a name says, and what is told."""

from __future__ import annotations

import json

import pytest

from vmferry.cli.artifacts import tell, wanted_format
from vmferry.cli.options import Output
from vmferry.convert import Converted
from vmferry.errors import FormatError
from vmferry.units import GIB, MIB


@pytest.mark.parametrize(
    ("named", "target", "expected"),
    [
        ("", "disk.vmdk", "vmdk"),
        ("", "s3://bucket/a.b/disk.IMG", "raw"),
        ("VHD", "disk.vmdk", "vhd"),
        ("", "machine.ova", "ova"),
    ],
)
def test_the_option_wins_over_the_suffix(named: str, target: str, expected: str) -> None:
    assert wanted_format("export", named, target, "") == expected


def test_what_is_not_written_is_refused() -> None:
    text = "export: format to write, by the name of disk.qcow2: found 'qcow2', expected raw or vhd"
    with pytest.raises(FormatError, match=text):
        wanted_format("export", "", "disk.qcow2", "")
    with pytest.raises(FormatError, match=r"export: kind of raw: found 'fixed', expected flat"):
        wanted_format("export", "raw", "disk", "fixed")


def test_it_is_told_to_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    written = Converted(size=MIB, virtual_size=GIB, data=2 * MIB)
    tell(written, "disk.vmdk", "vmdk", 1.0, Output.TABLE)
    assert capsys.readouterr().out == (
        "disk.vmdk: vmdk, 1 MiB; a disk of 1 GiB with 2 MiB of data in 1.0 s (2 MiB/s)\n"
    )
    tell(written, "disk.vmdk", "vmdk", 1.0, Output.JSON)
    assert json.loads(capsys.readouterr().out)["virtual_size"] == GIB
