# SPDX-License-Identifier: Apache-2.0
"""What decides a boot, told as a story of seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.compute.test_traffic import ACK, BOOT, REQUEST, capture, message

from vmferry.compute.evidence import (
    LOGIN_S,
    MOST_RESETS,
    SILENT_S,
    Evidence,
    Proof,
    Verdict,
)
from vmferry.compute.monitor import Event

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE = 300.0
PROMPT = b"Debian GNU/Linux 12 debian ttyS0\r\n\r\ndebian login: "
BOOTED = Verdict()


def decided(evidence: Evidence, now: float) -> str | None:
    """Return the failure in words, ``""`` for a boot, ``None`` for no decision."""
    verdict = evidence.verdict(now, DEADLINE)
    return None if verdict is None else verdict.failure


def test_a_boot_step_by_step() -> None:
    evidence = Evidence()
    assert decided(evidence, 0) is None
    evidence.hear(b"GRUB loading.\r\n", 2)
    evidence.see(BOOT[:700], 10)
    assert decided(evidence, 11) is None
    evidence.see(BOOT[700:], 12)
    assert decided(evidence, 12) is None
    evidence.hear(PROMPT, 20)
    assert evidence.verdict(20, DEADLINE) == BOOTED
    assert evidence.proofs == {Proof.DHCP: 12, Proof.LOGIN: 20}


def test_an_address_may_come_after_the_prompt() -> None:
    evidence = Evidence()
    evidence.hear(PROMPT, 20)
    assert decided(evidence, 20 + LOGIN_S) is None
    evidence.see(BOOT, 20 + LOGIN_S)
    assert decided(evidence, 20 + LOGIN_S) == ""


def test_ssh_decides_without_a_console() -> None:
    evidence = Evidence()
    evidence.see(BOOT, 12)
    evidence.answer(14)
    assert decided(evidence, 14) == ""
    assert evidence.proofs[Proof.SSH] == 14


def test_an_address_is_enough_after_a_long_silence() -> None:
    evidence = Evidence(patience=2)
    evidence.see(BOOT, 12)
    assert decided(evidence, 12 + 2 * SILENT_S) is None
    assert decided(evidence, 13 + 2 * SILENT_S) == ""
    evidence.hear(b"A start job is running\r", 90)
    assert decided(evidence, 13 + 2 * SILENT_S) is None
    assert decided(evidence, 91 + 2 * SILENT_S) == ""


def test_a_console_that_goes_on_without_a_prompt() -> None:
    evidence = Evidence()
    evidence.see(BOOT, 12)
    evidence.hear(b"A start job is running for x (4min / no limit)\r", DEADLINE)
    assert decided(evidence, DEADLINE + 1) == (
        "it got an address, but neither a login prompt nor ssh was seen within 300 s"
    )


@pytest.mark.parametrize(
    ("packets", "what"),
    [
        (b"", "did not ask for an address by DHCP"),
        (capture(message(REQUEST)), "asked in vain for an address by DHCP"),
        (capture(message(ACK)), "did not ask for an address by DHCP"),
    ],
)
def test_a_guest_without_an_address(packets: bytes, what: str) -> None:
    evidence = Evidence()
    evidence.see(packets, 1)
    assert decided(evidence, DEADLINE + 1) == (
        f"no login prompt was seen, and it {what} within 300 s"
    )
    evidence.hear(PROMPT, 20)
    assert decided(evidence, 21 + LOGIN_S) == f"it reached a login prompt, but {what}"


def test_a_guest_that_keeps_its_own_address() -> None:
    evidence = Evidence(address=False)
    assert decided(evidence, 19) is None
    evidence.hear(PROMPT, 20)
    assert decided(evidence, 20) == ""


def test_a_sign_in_pieces_is_found() -> None:
    evidence = Evidence()
    for letter in b"[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n":
        assert decided(evidence, 5) is None
        evidence.hear(bytes([letter]), 5)
    assert decided(evidence, 5) == "kernel panic: Attempted to kill init!"


def test_an_address_does_not_hide_a_failure() -> None:
    evidence = Evidence()
    evidence.see(BOOT, 5)
    evidence.hear(b"\r\nYou are in emergency mode. After", 6)
    assert decided(evidence, 6 + SILENT_S + 1) == (
        "systemd's emergency mode, as a file system of /etc/fstab or a needed unit failed"
    )


def restarts(count: int) -> Callable[[Evidence], None]:
    def run(evidence: Evidence) -> None:
        evidence.happen(Event("RESET", {"guest": False, "reason": "host-qmp-system-reset"}))
        for _ in range(count):
            evidence.happen(Event("RESET", {"guest": True, "reason": "guest-reset"}))

    return run


def event(name: str, **data: object) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.happen(Event(name, data))


@pytest.mark.parametrize(
    ("story", "failure"),
    [
        (restarts(MOST_RESETS), None),
        (restarts(MOST_RESETS + 1), "the guest restarted 4 times"),
        (event("SHUTDOWN", guest=True, reason="guest-shutdown"), "the guest switched itself off"),
        (event("GUEST_PANICKED"), "the guest told QEMU that its kernel panicked"),
        (event("STOP"), "QEMU stopped the machine: its processor or disk failed"),
        (event("NIC_RX_FILTER_CHANGED", path="net"), None),
    ],
)
def test_events(story: Callable[[Evidence], None], failure: str | None) -> None:
    evidence = Evidence()
    story(evidence)
    assert decided(evidence, 5) == failure
