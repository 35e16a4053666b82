# SPDX-License-Identifier: Apache-2.0
"""Guests: what machine is on the disks, found without starting or copying it.

``inspect`` looks; the looking is done by ``look.py`` in a child process that can do nothing else
(``sandbox.py``), because the bytes are hostile and the libraries that parse them are written in C.
``Check`` looks and asks the rules of the guide (``rules/``).

    disks ─▶ volumes/ ─▶ filesystems/ ─▶ fingerprints/ ─▶ GuestFacts ─▶ rules/ ─▶ Report
"""

from __future__ import annotations

from vmferry.guest.inspection import inspect
from vmferry.guest.report import Check, cause, described
from vmferry.guest.rules import Request, Subject, SubjectDisk

__all__ = ["Check", "Request", "Subject", "SubjectDisk", "cause", "described", "inspect"]
