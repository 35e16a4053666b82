# SPDX-License-Identifier: Apache-2.0
"""Mending: plan, and only if there is something to do start an engine and do it.

    plan ─▶ nothing to do: no engine is started, which would take 20 s under emulation
         └▶ engine ─▶ a journal is not empty: replay it, plan anew ─▶ apply ─▶ plan again: nothing

The disks are copy-on-write devices: whatever fails, they are thrown away and nothing has happened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vmferry.guest import inspection
from vmferry.guest.engines import Mount, device_name
from vmferry.guest.engines.libguestfs import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vmferry.guest.engines import Drive, Engine, Session
    from vmferry.model.disk import Disk
    from vmferry.model.fixup import Choices, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where and how a guest is mended.

    Attributes:
        emulate: Whether processors must be emulated, because KVM does not work here.
        scratch: A folder for what the engine writes beside the disks.
        tick: Called at least once a second; may raise to stop.
        engine: What writes.
    """

    emulate: bool
    scratch: Path
    tick: Callable[[], None]
    engine: Engine = ENGINE


def mend(
    disks: Sequence[Disk], drives: Sequence[Drive], choices: Choices, workshop: Workshop
) -> Plan:
    """Change a machine as the fix-ups want it; return what was done.

    Args:
        disks: The machine's, the boot disk first, to look at.
        drives: The same disks, for the engine to write on.
        choices: The operator's.
        workshop: Where and how.

    Raises:
        GuestError: No machine is on the disks, or one of the edits cannot be done.
        SetupError: The engine is not installed or does not start.
    """
    plan = inspection.plan(disks, choices)
    if not plan.edits:
        return plan
    with workshop.engine.start(drives, workshop.emulate, workshop.scratch, workshop.tick) as engine:
        plan = _applied(disks, plan, choices, engine)
    left = inspection.plan(disks, choices).edits
    notes = (f"{each.reasons[0].fixup}: {each.path} is still to be edited" for each in left)
    return replace(plan, notes=(*plan.notes, *notes))


def _applied(disks: Sequence[Disk], plan: Plan, choices: Choices, engine: Session) -> Plan:
    """Do what is planned, after journals were replayed; return what was done."""
    if not all(mount.clean for mount in plan.mounts):
        engine.settle(_mounts(plan))
        plan = inspection.plan(disks, choices)
    engine.apply(_mounts(plan), plan.edits)
    return plan


def _mounts(plan: Plan) -> list[Mount]:
    return [
        Mount(each.path, device_name(each.disk, each.number, each.volume), each.options)
        for each in plan.mounts
    ]
