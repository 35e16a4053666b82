# SPDX-License-Identifier: Apache-2.0
"""The composition root, wired in this process: what it starts, it stops, and in any state."""

from __future__ import annotations

import fcntl
import socket
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vmferry import config
from vmferry.daemon import Service
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from vmferry.config import Config


def _config(state_dir: Path, listen: str = "127.0.0.1:0") -> Config:
    return config.load(state_dir=state_dir, listen=listen, environ={})


def test_it_makes_its_folders_for_the_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    service = Service(_config(state))
    service._prepare_folders()
    try:
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert {"blocks", "buckets", "work", "lock"} <= {path.name for path in state.iterdir()}
    finally:
        service.stop()


def test_the_lock_is_held_until_the_stop(tmp_path: Path) -> None:
    first, second = Service(_config(tmp_path)), Service(_config(tmp_path))
    first._prepare_folders()
    with pytest.raises(SetupError, match="another vmferry is using it"):
        second._prepare_folders()
    second.stop()
    first.stop()
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize(("listen", "host"), [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]")])
def test_the_url_is_the_address_it_got(tmp_path: Path, listen: str, host: str) -> None:
    service = Service(_config(tmp_path, listen))
    try:
        service._listen()
    except SetupError:
        if host == "[::1]":
            pytest.skip("this machine has no IPv6")
        raise
    finally:
        service.stop()
    assert service.url.startswith(f"http://{host}:")
    assert not service.url.endswith(":0")


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(SetupError, match=r"^state directory /proc/vmferry: No such") as caught:
        Service(_config(Path("/proc/vmferry")))._prepare_folders()
    assert caught.value.hint == "Name another one with --state-dir"


def test_it_runs_only_when_started(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="the service was not started"):
        Service(_config(tmp_path)).run()


def _ours() -> set[threading.Thread]:
    """Return the threads that a service makes; other tests of the run may have theirs."""
    return {one for one in threading.enumerate() if one.name in ("rclone", "housekeeper")}


def test_a_start_that_fails_leaves_nothing(tmp_path: Path) -> None:
    before = _ours()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = Service(_config(tmp_path, f"127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(SetupError, match="cannot listen on"):
            service.start()
    service.stop()
    assert not _ours() - before


def test_it_starts_and_stops_twice_with_the_same_key(tmp_path: Path) -> None:
    keys, before = [], _ours()
    for _ in range(2):
        service = Service(_config(tmp_path))
        keys.append(service.start())
        service.stop()
    assert keys[0] == keys[1]
    assert not _ours() - before
