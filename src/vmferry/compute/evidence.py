# SPDX-License-Identifier: Apache-2.0
"""What a booting machine has shown so far, and whether that decides.

A boot is proved by an address that was asked for and given, and by a login prompt or an answer of
ssh. A guest that has no serial console and no ssh shows the address only: that is enough when its
console has been silent for a while. Time is told to it, so that tests need not wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vmferry.compute import signs
from vmferry.compute.console import Console
from vmferry.compute.traffic import DhcpWatch

if TYPE_CHECKING:
    from vmferry.compute.monitor import Event

SILENT_S: Final = 45.0
"""A getty follows the network within seconds, and while systemd waits it keeps saying for what."""

LOGIN_S: Final = 45.0
"""For a network that comes after the login prompt, and a DHCP client that has to ask again."""

MOST_RESETS: Final = 3
"""A guest may restart by itself once or twice, to relabel its files or to grow them."""

OVERLAP: Final = 4096
"""Characters before what is new that are searched again: a sign may come in pieces."""


class Proof(StrEnum):
    """What was seen."""

    DHCP = "dhcp"
    LOGIN = "login"
    SSH = "ssh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision; ``failure`` is ``""`` for a guest that booted."""

    failure: str = ""


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What was seen of one boot.

    Attributes:
        patience: By what the waits of this module are multiplied.
        address: Whether the guest has to ask for an address.
        proofs: What was seen and when, in seconds.
        failure: Why it cannot boot any more.
        resets: How often the guest has restarted.
        heard: When the console last said something.
    """

    patience: int = 1
    address: bool = True
    console: Console = field(default_factory=Console)
    dhcp: DhcpWatch = field(default_factory=DhcpWatch)
    proofs: dict[Proof, float] = field(default_factory=dict)
    failure: str = ""
    resets: int = 0
    heard: float = 0.0

    def hear(self, data: bytes, now: float) -> None:
        """Take what the serial console says."""
        before = self.console.length
        self.console.feed(data)
        self.heard = now
        text = self.console.since(before - OVERLAP)
        if signs.LOGIN.search(text):
            self.proofs.setdefault(Proof.LOGIN, now)
        self.failure = self.failure or signs.failure(text)

    def see(self, packets: bytes, now: float) -> None:
        """Take what was on the network."""
        self.dhcp.feed(packets)
        if self.dhcp.lease is not None:
            self.proofs.setdefault(Proof.DHCP, now)

    def answer(self, now: float) -> None:
        """Take that ssh has answered."""
        self.proofs.setdefault(Proof.SSH, now)

    def happen(self, event: Event) -> None:
        """Take an event of QEMU."""
        why = str(event.data.get("reason", ""))
        if event.name == "RESET" and event.data.get("guest"):
            self.resets += 1
            if self.resets > MOST_RESETS:
                self.failure = self.failure or f"the guest restarted {self.resets} times"
        elif event.name == "SHUTDOWN" and why != "guest-reset":
            self.failure = self.failure or "the guest switched itself off"
        elif event.name == "GUEST_PANICKED":
            self.failure = self.failure or "the guest told QEMU that its kernel panicked"
        elif event.name == "STOP":
            self.failure = self.failure or "QEMU stopped the machine: its processor or disk failed"

    def verdict(self, now: float, deadline: float) -> Verdict | None:
        """Return the decision, ``None`` while there is none; times are seconds since the start."""
        if self._proved(now):
            return Verdict()
        if self.failure:
            return Verdict(failure=self.failure)
        login = self.proofs.get(Proof.LOGIN)
        if login is not None and now - login > LOGIN_S * self.patience:
            return Verdict(failure=f"it reached a login prompt, but {self._without_address()}")
        if now > deadline:
            return Verdict(failure=f"{self._missing()} within {deadline:g} s")
        return None

    def _proved(self, now: float) -> bool:
        up = Proof.LOGIN in self.proofs or Proof.SSH in self.proofs
        leased = self.proofs.get(Proof.DHCP)
        if up or leased is None:
            return up and (leased is not None or not self.address)
        return now - max(leased, self.heard) > SILENT_S * self.patience and not self.failure

    def _without_address(self) -> str:
        if self.dhcp.asked:
            return "asked in vain for an address by DHCP"
        return "did not ask for an address by DHCP"

    def _missing(self) -> str:
        if Proof.DHCP in self.proofs:
            return "it got an address, but neither a login prompt nor ssh was seen"
        return f"no login prompt was seen, and it {self._without_address()}"
