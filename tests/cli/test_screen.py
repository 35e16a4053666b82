# SPDX-License-Identifier: Apache-2.0
"""The screen of a report: its width, its order, and what is not said twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.rules.subjects import ROOT, facts

from vmferry.cli.screen import COLUMN, MOST, WIDEST, lines
from vmferry.model.finding import Answer, Finding, Report, Service, Severity, Verdict

FINDING = Finding(
    id="static_address",
    severity=Severity.WARNS,
    section="11-K General preparation",
    aws_text="",
    where="/etc/network/interfaces",
    found="192.0.2.1/24",
    expected="DHCP",
    remedy="Configure the card by DHCP before the export",
)
BLOCKING = replace(
    FINDING,
    id="initramfs",
    severity=Severity.BLOCKS,
    section="11-Z Troubleshooting",
    aws_text="ClientError: unreadable",
    where="",
    found="/boot/initrd: no cpio",
    expected="",
    concerns=(Service.AWS,),
)


def _screen(*findings: Finding, width: int = 80, **changes: object) -> list[str]:
    report = Report(
        verdict=Verdict(vmferry=Answer.WARN, aws=Answer.REFUSE),
        guest=facts(**changes),
        findings=findings,
        bytes_read=1 << 20,
        bytes_total=1 << 30,
        seconds=0.4,
    )
    return list(lines(report, width))


def test_a_screen() -> None:
    assert _screen(BLOCKING, FINDING, hostname="web1") == [
        "vmferry   warn",
        "aws       refuse",
        "guest     Debian GNU/Linux 11 (bullseye), x86_64, web1",
        "kernel    5.10.0-28-amd64",
        "boots     legacy-bios",
        "root      ext4 of 9 GiB (1 GiB free) on disk 0, mbr",
        "read      1 MiB of 1 GiB (0.10%) in 0.40 s",
        "blocks    initramfs to AWS, 11-Z: /boot/initrd: no cpio",
        "          AWS says ClientError: unreadable",
        "          Configure the card by DHCP before the export",
        "warns     static_address, 11-K: /etc/network/interfaces: found 192.0.2.1/24,",
        "          expected DHCP",
        "          Configure the card by DHCP before the export",
    ]


def test_a_volume_of_unknown_room() -> None:
    root = replace(ROOT, volume="vg/root", number=0)
    assert "root      ext4 of 9 GiB on volume vg/root, mbr" in _screen(
        partitions=(root,), free=None
    )


def test_what_one_thing_means_to_both_is_said_once() -> None:
    ours = replace(BLOCKING, severity=Severity.WARNS, aws_text="", concerns=(Service.VMFERRY,))
    assert _screen(BLOCKING, ours) == _screen(BLOCKING)


def test_the_remedy_of_several_is_said_once() -> None:
    shown = _screen(FINDING, replace(FINDING, found="192.0.2.2/24"))
    assert [line[:COLUMN].strip() for line in shown[7:]] == ["warns", "", "warns", "", ""]
    assert shown[-1].strip() == FINDING.remedy


def test_one_screen_whatever_was_found() -> None:
    many = [
        replace(FINDING, id=f"of_{severity}", severity=severity, found=f"{number}")
        for severity in Severity
        for number in range(20)
    ]
    shown = _screen(*many)
    for severity, most in MOST.items():
        assert f"{severity:10}{20 - most} more, see --output json" in shown
    assert len(shown) <= 48


@pytest.mark.parametrize("width", [1, 40, 80, 120, 500])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = replace(FINDING, found="word " * 50 + "x" * 300)
    shown = _screen(long, pretty_name="A name " * 30, width=width)
    assert max(map(len, shown)) <= max(40, min(width, WIDEST))


def test_no_word_of_the_guest_steers_the_terminal() -> None:
    shown = "".join(_screen(replace(FINDING, found="a\x1b[2J\nb\u202e"), pretty_name="\x07"))
    assert shown.isprintable()
