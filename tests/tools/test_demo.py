# SPDX-License-Identifier: Apache-2.0
"""The demo's parts: what is shown, how commands run and fail, and what a proof refuses."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tools.demo import command, job, screen
from tools.demo.job import MACHINE, Exports, Times, check_space
from tools.demo.proof import disks_of, prove, unpack, virtual_size
from tools.demo.screen import Screen, bar
from tools.demo.service import RunningService, neutral
from tools.demo.shell import DemoError, Shell, end_group

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = Times(1, 2, 3)


class Terminal(io.StringIO):
    """Text for a console that is told to be a terminal."""


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def shell(out: io.StringIO, tmp_path: Path) -> Shell:
    return Shell(Screen(out), tmp_path, {"PATH": os.environ["PATH"]})


def on_terminal(monkeypatch: pytest.MonkeyPatch, **settings: str) -> tuple[Screen, io.StringIO]:
    """Return a screen on a terminal of 40 columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, content in {"TERM": "xterm", "COLUMNS": "40", **settings}.items():
        monkeypatch.setenv(name, content)
    out = Terminal()
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    return Screen(out), out


def test_a_command_is_run_as_it_is_shown(shell: Shell, out: io.StringIO) -> None:
    assert shell.run("echo 'a  b' \\\n| tr a c") == "c  b"
    assert out.getvalue().startswith("$ echo 'a  b' \\\n| tr a c\n  c  b\n  0.")
    assert shell.ask("echo '{\"a\": [1]}'") == {"a": [1]}


def test_lines_that_were_rewritten_are_left_out(shell: Shell, out: io.StringIO) -> None:
    assert shell.run(r"printf 'Completed 1\rCompleted 2\rupload: done\n'") == "upload: done"
    assert "Completed" not in out.getvalue().partition("\n")[2]


def test_a_long_result_is_cut(shell: Shell, out: io.StringIO) -> None:
    shell.run("seq 30")
    assert "  11\n  … 19 more lines\n" in out.getvalue()
    assert "  12\n" not in out.getvalue()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aws-is-not here now", "aws-is-not here now: bash: line 1: aws-is-not: command not found"),
        ("echo well; echo no >&2; exit 3", "echo well; echo: no"),
        ("exit 3", "exit 3: status 3"),
    ],
)
def test_a_failed_command_shows_its_last_words(shell: Shell, text: str, message: str) -> None:
    with pytest.raises(DemoError) as caught:
        shell.run(text)
    assert str(caught.value) == message


def _answers(folder: Path, *tasks: dict[str, str]) -> str:
    """Return a command that answers one task after the other."""
    for number, task in enumerate(tasks):
        (folder / f"answer{number}").write_text(json.dumps({"Tasks": [task]}))
    return "n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; cat answer$n"


def test_a_task_is_followed_to_its_end(
    shell: Shell, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.demo.shell.PAUSE_S", 0.01)
    text = _answers(
        shell.folder,
        {"Status": "active", "StatusMessage": "pending", "Progress": "1"},
        {"Status": "active", "StatusMessage": "converting", "Progress": "30"},
        {"Status": "active", "StatusMessage": "converting", "Progress": "60"},
        {"Status": "completed", "ImageId": "ami-1"},
    )
    done = shell.follow(text, lambda answer: answer["Tasks"][0])
    assert done["ImageId"] == "ami-1"
    assert "  pending 1 % → converting 30 % → completed\n" in out.getvalue()
    assert "  # until it is completed\n" in out.getvalue()


def test_a_failed_task_ends_the_demo_with_its_message(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.demo.shell.PAUSE_S", 0.01)
    text = _answers(
        shell.folder,
        {"Status": "deleting", "StatusMessage": "ClientError: Unknown OS (no system)"},
        {"Status": "deleted", "StatusMessage": "ClientError: Unknown OS (no system)"},
    )
    with pytest.raises(DemoError) as caught:
        shell.follow(text, lambda answer: answer["Tasks"][0])
    assert str(caught.value) == "the task ended as deleted: ClientError: Unknown OS (no system)"


def test_waiting_ends_when_the_service_has_ended(out: io.StringIO, tmp_path: Path) -> None:
    service = subprocess.Popen(["sh", "-c", "exit 7"])
    service.wait()
    (tmp_path / "log").write_text("line\nevent=disk-full\n")
    running = RunningService(service, tmp_path / "out", tmp_path / "log")
    shell = Shell(Screen(out), tmp_path, {"PATH": os.environ["PATH"]}, running.check)
    started = time.monotonic()
    with pytest.raises(DemoError, match=r"^the service ended \(7\): event=disk-full$"):
        shell.run("sleep 60")
    assert time.monotonic() - started < 5


def test_a_stubborn_command_is_killed_with_its_children() -> None:
    process = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; sleep 60 & wait; sleep 60"], start_new_session=True
    )
    time.sleep(0.2)
    end_group(process, patience_s=0.2)
    assert process.returncode == -9


def test_progress_is_a_line_now_and_then(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "QUIET_S", 0.05)
    shown = Screen(out)
    shown.live("too early")
    time.sleep(0.06)
    shown.live("[half] way")
    shown.live("too early again")
    assert out.getvalue() == "  … [half] way\n"


def test_progress_is_rewritten_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, out = on_terminal(monkeypatch)
    shown.live("one")
    shown.live("x" * 100)
    shown.result("done")
    assert out.getvalue().count("\r\x1b[2K") == 3
    assert out.getvalue().count("\n") == 1
    assert "x" * 40 not in out.getvalue()
    assert "…" in out.getvalue()


def test_no_color_leaves_colours_out(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, out = on_terminal(monkeypatch)
    shown.title("Title")
    assert "36m" in out.getvalue()
    shown, out = on_terminal(monkeypatch, NO_COLOR="1")
    shown.title("Title")
    assert "36m" not in out.getvalue()


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "QUIET_S", 0.0)
    shown, out = on_terminal(monkeypatch, TERM="dumb")
    shown.live("one")
    assert "\r" not in out.getvalue()


def test_work_in_a_thread_is_done_when_it_returns(out: io.StringIO) -> None:
    done = []

    def work() -> None:
        time.sleep(0.15)
        done.append("work")

    Screen(out).during("cleaning", work)
    assert done == ["work"]


@pytest.mark.parametrize(
    ("percent", "text"),
    [(0, "─" * 24 + "   0 %"), (50, "━" * 12 + "─" * 12 + "  50 %"), (100, "━" * 24 + " 100 %")],
)
def test_a_bar(percent: int, text: str) -> None:
    assert bar(percent) == text


def test_the_readers_settings_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("VMFERRY_CONFIG", "/etc/other.toml")
    assert not [name for name in neutral() if name.startswith(("AWS_", "VMFERRY_"))]


def test_too_little_space_is_said_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=5 << 30)
    monkeypatch.setattr("tools.demo.job.shutil.disk_usage", lambda _folder: usage)
    check_space(tmp_path, 1 << 30)
    with pytest.raises(DemoError, match=r"has 5 GiB free, up to 7 GiB are needed; set TMPDIR"):
        check_space(tmp_path, 2 << 30)


def _qemu(*words: str) -> None:
    subprocess.run(["qemu-img", *words], check=True, capture_output=True)


@pytest.fixture
def parts(tmp_path: Path) -> Callable[..., Path]:
    """Make an OVA of disks with these contents, by qemu-img and tar."""

    def make(*contents: bytes) -> Path:
        ova = tmp_path / MACHINE
        with tarfile.open(ova, "w") as tar:
            for number, content in enumerate(contents, 1):
                raw, vmdk = tmp_path / "made.raw", tmp_path / f"my disk{number}.vmdk"
                raw.write_bytes(content.ljust(1 << 20, b"\0"))
                options = ("-O", "vmdk", "-o", "subformat=streamOptimized")
                _qemu("convert", "-f", "raw", *options, str(raw), str(vmdk))
                tar.add(vmdk, vmdk.name)
        return ova

    return make


def _export(folder: Path, number: int, content: bytes) -> tuple[Path, Path]:
    raw = folder / "exports" / f"{number}.raw"
    raw.parent.mkdir(exist_ok=True)
    raw.write_bytes(content.ljust(1 << 20, b"\0"))
    vmdk = raw.with_suffix(".vmdk")
    _qemu("convert", "-f", "raw", "-O", "vmdk", str(raw), str(vmdk))
    return raw, vmdk


@pytest.mark.oracle
def test_disks_are_proved_in_any_order(shell: Shell, parts: Callable[..., Path]) -> None:
    ova = parts(b"first", b"second")
    disks = disks_of(ova)
    assert disks == ["my disk1.vmdk", "my disk2.vmdk"]
    assert virtual_size(shell.folder, ova, disks[1]) == 1 << 20
    sources = unpack(shell, disks)
    made = [_export(shell.folder, n, content) for n, content in enumerate((b"second", b"first"))]
    exports = Exports([raw for raw, _ in made], [vmdk for _, vmdk in made], TIMES)
    assert len(prove(shell, sources, exports)) == 64


@pytest.mark.oracle
def test_another_disk_is_not_proved(shell: Shell, parts: Callable[..., Path]) -> None:
    sources = unpack(shell, disks_of(parts(b"first")))
    raw, vmdk = _export(shell.folder, 0, b"other")
    with pytest.raises(DemoError, match=r"^the RAW export has SHA-256 [0-9a-f]{64}, expected "):
        prove(shell, sources, Exports([raw], [vmdk], TIMES))
    raw, _ = _export(shell.folder, 1, b"first")
    with pytest.raises(DemoError, match=r"^qemu-img compare source1\.vmdk: Content mismatch"):
        prove(shell, sources, Exports([raw], [vmdk], TIMES))


@pytest.mark.oracle
def test_a_file_that_is_no_vmdk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(bytes(4096))
    with tarfile.open(tmp_path / "my.ova", "w") as tar:
        tar.add(tmp_path / "disk.vmdk", "disk.vmdk")
    with pytest.raises(DemoError, match=r"disk\.vmdk is no VMDK that qemu-img can read: "):
        virtual_size(tmp_path, tmp_path / "my.ova", "disk.vmdk")


def test_an_ova_without_disks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vm.ovf").write_text("<Envelope/>")
    with tarfile.open(tmp_path / "my.ova", "w") as tar:
        tar.add(tmp_path / "vm.ovf", "vm.ovf")
    with pytest.raises(DemoError, match=r"my\.ova: has no \.vmdk file, found vm\.ovf$"):
        disks_of(tmp_path / "my.ova")


def test_the_option_wins_over_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OVA", "/nonexistent/variable.ova")
    assert command.main(["--ova", "/nonexistent/option.ova"]) == 1
    said = capsys.readouterr()
    assert (
        said.err == "demo: OVA=/nonexistent/option.ova: cannot be read: No such file or directory\n"
    )
    assert "A real machine" in said.out


def test_the_policies_are_json() -> None:
    folder = Path(command.__file__).parent
    assert all(json.loads((folder / name).read_text()) for name in job.POLICIES)
