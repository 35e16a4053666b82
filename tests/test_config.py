# SPDX-License-Identifier: Apache-2.0
"""Settings: what wins over what, and every refusal with where it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vmferry.config import Buckets, Compute, Export, Guest, Serve, Tasks, default_state_dir, load
from vmferry.errors import SetupError
from vmferry.units import MIB, TIB

FULL = """
[serve]
listen = "[::1]:80"
base_hosts = ["s3.example.org", "localhost"]
[tasks]
limit = 3
workers = 7
retention_days = 0
[buckets]
endpoint = "https://s3.example.org"
region = "eu-central-1"
access_key = "file-key"
secret_key = "file-secret"
[guest]
support_policy = "aws"
max_disk = 1024
[export]
unrestricted = true
limit = 20
[compute]
boot_check = "always"
boot_deadline_s = 60
"""


LEAST = "at least 0 and at least 1"
SECTIONS = "serve, tasks, buckets, guest, export, compute"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _file(state: Path, text: str) -> None:
    state.mkdir(exist_ok=True)
    (state / "vmferry.toml").write_text(text, encoding="utf-8")


def test_defaults(state: Path) -> None:
    config = load(state_dir=state, environ={})
    assert (config.serve.host, config.serve.port) == ("127.0.0.1", 4599)
    assert config.serve.base_hosts == ("localhost",)
    assert (config.tasks.limit, config.tasks.retention_days) == (5, 7)
    assert config.tasks.workers >= 1
    assert config.buckets == Buckets()
    assert (config.guest.support_policy, config.guest.max_disk) == ("capability", 8 * TIB)
    assert (config.guest.low_space, config.guest.no_space) == (64 * MIB, MIB)
    assert config.export == Export(unrestricted=False, limit=5, max_disk=TIB)
    assert (config.compute.boot_check, config.compute.boot_deadline_s) == ("auto", 300)


def test_the_file(state: Path) -> None:
    _file(state, FULL)
    config = load(state_dir=state, environ={})
    assert config.serve == Serve(listen="[::1]:80", base_hosts=("s3.example.org", "localhost"))
    assert (config.serve.host, config.serve.port) == ("::1", 80)
    assert config.tasks == Tasks(limit=3, workers=7, retention_days=0)
    assert config.buckets == Buckets(
        endpoint="https://s3.example.org",
        region="eu-central-1",
        access_key="file-key",
        secret_key="file-secret",
    )
    assert config.guest == Guest(support_policy="aws", max_disk=1024)
    assert config.export == Export(unrestricted=True, limit=20)
    assert config.compute == Compute(boot_check="always", boot_deadline_s=60)


def test_the_environment_wins_over_the_file_and_flags_over_both(state: Path) -> None:
    _file(state, FULL)
    environ = {
        "VMFERRY_STATE_DIR": str(state),
        "VMFERRY_LISTEN": "0.0.0.0:1",
        "VMFERRY_S3_ENDPOINT": "http://env:9000",
        "VMFERRY_S3_ACCESS_KEY": "env-key",
        "VMFERRY_S3_SECRET_KEY": "env-secret",
    }
    config = load(environ=environ)
    assert config.state_dir == state
    assert config.serve.listen == "0.0.0.0:1"
    assert config.buckets.endpoint == "http://env:9000"
    assert (config.buckets.access_key, config.buckets.secret_key) == ("env-key", "env-secret")
    assert config.buckets.region == "eu-central-1", "the rest of the section is the file's"
    config = load(listen="127.0.0.1:2", s3_endpoint="http://flag", environ=environ)
    assert (config.serve.listen, config.buckets.endpoint) == ("127.0.0.1:2", "http://flag")
    other = load(state_dir=state.parent / "other", environ=environ)
    assert other.state_dir == state.parent / "other"
    assert other.tasks.limit == 5, "the file is that of the other state directory"


def test_empty_variables_are_none(state: Path) -> None:
    _file(state, FULL)
    names = ("STATE_DIR", "LISTEN", "CONFIG", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    config = load(state_dir=state, environ={f"VMFERRY_{name}": "" for name in names})
    assert config.buckets.access_key == "file-key"
    assert config.serve.port == 80


def test_a_file_elsewhere(state: Path, tmp_path: Path) -> None:
    _file(state, FULL)
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text("[tasks]\nlimit = 9\n")
    config = load(state_dir=state, environ={"VMFERRY_CONFIG": str(elsewhere)})
    assert (config.tasks.limit, config.serve.port) == (9, 4599)


def test_where_the_state_is() -> None:
    assert default_state_dir({"XDG_STATE_HOME": "/x"}) == Path("/x/vmferry")
    assert default_state_dir({"HOME": "/h"}) == Path("/h/.local/state/vmferry")
    assert default_state_dir({}) == Path("/root/.local/state/vmferry")
    assert load(environ={"HOME": "/nowhere"}).state_dir == Path("/nowhere/.local/state/vmferry")


def test_everything_lies_in_the_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(state_dir=Path("here"), environ={})
    state = tmp_path / "here"
    assert config.state_dir == state
    assert config.database_url == f"sqlite:///{state}/vmferry.sqlite"
    assert config.task_database_url == f"sqlite:///{state}/tasks.sqlite"
    assert config.block_root == state / "blocks"
    assert config.bucket_root == state / "buckets"
    assert config.work_root == state / "work"


def test_secrets_are_not_shown(state: Path) -> None:
    _file(state, FULL)
    assert "file-secret" not in repr(load(state_dir=state, environ={}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[server]",
            "settings: unknown section 'server', expected one of " + SECTIONS,
        ),
        (
            "state_dir = '/x'",
            "settings: unknown section 'state_dir', expected one of " + SECTIONS,
        ),
        ("serve = 5", "settings: serve is 5, expected a table [serve]"),
        ("serve = 'x'", "settings: serve is 'x', expected a table [serve]"),
        ("[[serve]]", "settings: serve is [{}], expected a table [serve]"),
        (
            "[serve]\nport = 1",
            "settings: serve.port is unknown, expected one of listen, base_hosts",
        ),
        ("[serve]\nlisten = 80", "settings: serve.listen is 80, expected a string"),
        (
            "[serve]\nbase_hosts = 'localhost'",
            "settings: serve.base_hosts is 'localhost', expected a list of strings",
        ),
        (
            "[serve]\nbase_hosts = ['a', 1]",
            "settings: serve.base_hosts is ['a', 1], expected a list of strings",
        ),
        ("[serve]\nbase_hosts = 5", "settings: serve.base_hosts is 5, expected a list of strings"),
        ("[tasks]\nlimit = '5'", "settings: tasks.limit is '5', expected an integer"),
        ("[tasks]\nlimit = true", "settings: tasks.limit is True, expected an integer"),
        ("[tasks]\nworkers = 1.5", "settings: tasks.workers is 1.5, expected an integer"),
        (
            "[tasks]\nlimit = 0\nworkers = 2",
            "settings: tasks.limit is 0 and tasks.workers is 2, expected at least 1",
        ),
        (
            "[tasks]\nworkers = -1",
            "settings: tasks.limit is 5 and tasks.workers is -1, expected at least 1",
        ),
        (
            "[tasks]\nretention_days = -1",
            "settings: tasks.retention_days is -1 and guest.max_disk is 8796093022208, expected "
            + LEAST,
        ),
        (
            "[guest]\nmax_disk = 0",
            "settings: tasks.retention_days is 7 and guest.max_disk is 0, expected " + LEAST,
        ),
        (
            "[guest]\nlow_space = 5",
            (
                "settings: guest.no_space is 1048576 and guest.low_space is 5, expected at least 0"
                " and at least as much"
            ),
        ),
        (
            "[guest]\nsupport_policy = 'AWS'",
            "settings: guest.support_policy is 'AWS', expected capability or aws",
        ),
        (
            "[export]\nunrestricted = 1",
            "settings: export.unrestricted is 1, expected true or false",
        ),
        (
            "[export]\nlimit = 0",
            "settings: export.limit is 0 and export.max_disk is 1099511627776, expected at least 1",
        ),
        (
            "[compute]\nboot_check = 'yes'",
            "settings: compute.boot_check is 'yes', expected auto, always or never",
        ),
        (
            "[compute]\nboot_deadline_s = 0",
            "settings: compute.boot_deadline_s is 0, expected at least 1",
        ),
        (
            "[buckets]\nendpoint = 's3.example.org'",
            "settings: buckets.endpoint is 's3.example.org', expected http://HOST or https://HOST",
        ),
    ],
)
def test_what_a_file_may_not_say(state: Path, text: str, message: str) -> None:
    _file(state, text)
    with pytest.raises(SetupError, match=rf"^{re.escape(message)}$"):
        load(state_dir=state, environ={})


@pytest.mark.parametrize(
    "listen", ["4599", ":4599", "host:", "host:x", "host:65536", "host:-1", "host:²", "host:+80"]
)
def test_what_cannot_be_listened_on(state: Path, listen: str) -> None:
    message = f"settings: serve.listen is {listen!r}, expected HOST:PORT"
    with pytest.raises(SetupError, match=rf"^{re.escape(message)}$"):
        load(state_dir=state, listen=listen, environ={})


def test_files_that_are_not_toml(state: Path) -> None:
    path = re.escape(str(state / "vmferry.toml"))
    _file(state, "[serve\n")
    with pytest.raises(SetupError, match=rf"^settings: {path} is not TOML: .*line 1"):
        load(state_dir=state, environ={})
    (state / "vmferry.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match=rf"^settings: {path} is not TOML: 'utf-8' codec"):
        load(state_dir=state, environ={})


def test_files_that_cannot_be_read(state: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    text = f"^settings: {re.escape(str(missing))} cannot be read: No such file or directory$"
    with pytest.raises(SetupError, match=text):
        load(state_dir=state, environ={"VMFERRY_CONFIG": str(missing)})
    (state / "vmferry.toml").mkdir(parents=True)
    with pytest.raises(SetupError, match=r"cannot be read: Is a directory$"):
        load(state_dir=state, environ={})
