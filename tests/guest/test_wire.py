# SPDX-License-Identifier: Apache-2.0
"""What the child answers is taken field by field, or not at all."""

from __future__ import annotations

import json
import socket

import pytest

from vmferry.errors import GuestError
from vmferry.guest import wire
from vmferry.model.fixup import Action, Choices, Edit, GuestMount, Network, Plan, Reason
from vmferry.model.guest import (
    BootEntry,
    BootMode,
    FstabEntry,
    GuestFacts,
    Kernel,
    Partition,
    Platform,
    Services,
)

FACTS = GuestFacts(
    platform=Platform.LINUX,
    distribution="debian",
    version="12",
    pretty_name="Debian",
    architecture="x86_64",
    kernels=(Kernel(release="6.1", path="/boot/vmlinuz-6.1"),),
    partition_table="mbr",
    partitions=(Partition(disk=0, number=1, offset=1, size=2, kind="0x83", filesystem="ext4"),),
    root=0,
    boot_modes=(BootMode.UEFI,),
    nvme=True,
    bits=64,
    boot_entries=(BootEntry(loader="bls", title="Debian", kernel="/boot/vmlinuz-6.1"),),
    fstab=(FstabEntry(line=1, spec="/dev/sda1", path="/", kind="ext4", options="", partition=0),),
    services=Services(ssh="enabled", key_users=("admin",)),
    free=1 << 40,
    bytes_read=9,
)


def test_facts_cross_unchanged() -> None:
    assert wire.facts_from_json(wire.to_json(FACTS)) == FACTS


PLAN = Plan(
    edits=(
        Edit(
            path="/etc/fstab",
            action=Action.WRITE,
            reasons=(Reason(fixup="fstab", why="old"),),
            before="\udcff",
            after="b",
            backup=".fstab.before-vmferry",
        ),
    ),
    mounts=(GuestMount(path="/", disk=0, number=1),),
    notes=("x: y",),
)


def test_plans_and_questions_cross_unchanged() -> None:
    assert wire.plan_from_json(wire.to_json(PLAN)) == PLAN
    question = wire.Question(sizes=(1, 2), choices=Choices(fixups=("a",), network=Network.KEEP))
    assert wire.from_json(wire.Question, wire.to_json(question)) == question


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", "etc/fstab"),
        ("path", "/etc/../x"),
        ("path", "/etc//x"),
        ("path", "/"),
        ("path", "/a\0b"),
        ("backup", "../x"),
        ("backup", ".."),
        ("action", "run"),
        ("before", 1),
    ],
)
def test_plans_that_lead_elsewhere_are_refused(field: str, value: object) -> None:
    document = json.loads(wire.to_json(PLAN))
    document["edits"][0][field] = value
    with pytest.raises(GuestError, match="answered nonsense"):
        wire.plan_from_json(json.dumps(document).encode())


def test_errors_cross_unchanged() -> None:
    error = GuestError("what", hint="do", aws_text="ClientError: X")
    back = wire.error_from_json(wire.error_to_json(error))
    assert (back.message, back.hint, back.aws_text) == ("what", "do", "ClientError: X")


def test_of_a_very_long_message_the_beginning_crosses() -> None:
    back = wire.error_from_json(wire.error_to_json(GuestError("x" * 3000)))
    assert back.message == "x" * 2000 + " …"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("root", 1),
        ("root", -1),
        ("root", "x"),
        ("platform", "BeOS"),
        ("distribution", 7),
        ("kernels", [{"release": "6.1"}]),
        ("partitions", None),
        ("nvme", 1),
        ("free", "much"),
        ("services", []),
        ("fstab", [{"line": 1}]),
        ("boot_modes", ["open-firmware"]),
    ],
)
def test_nonsense_is_refused(field: str, value: object) -> None:
    document = json.loads(wire.to_json(FACTS)) | {field: value}
    with pytest.raises(GuestError, match="answered nonsense"):
        wire.facts_from_json(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[" * 100000, b"\xff", b'["a", "b", 3]'])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(GuestError, match="answered nonsense"):
        wire.facts_from_json(data)
    assert "answered nonsense" in wire.error_from_json(data).message


def test_a_closed_socket_is_told() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(b"abc")
        assert wire.receive(ours, 2) == b"ab"
        with pytest.raises(wire.ClosedError):
            wire.receive(ours, 2)
