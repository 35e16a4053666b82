# SPDX-License-Identifier: Apache-2.0
"""Settings: one frozen dataclass per section; flags win over the environment, that over the file.

The file is TOML (``vmferry.toml`` in the state directory or ``VMFERRY_CONFIG``), its tables are the
sections below; ``VMFERRY_STATE_DIR`` and ``VMFERRY_LISTEN`` and flags win over it. Every field says
its unit, its default and the risk of changing it.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from vmferry.errors import SetupError
from vmferry.units import MIB, TIB

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LISTEN = "127.0.0.1:4599"

_PORT = re.compile(r"[0-9]{1,5}")
_URL = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """The endpoint.

    Attributes:
        listen: ``HOST:PORT``; default loopback. Risk: anything else needs TLS in front of it.
        base_hosts: Host names whose first label is a bucket's name (virtual-hosted style).
    """

    listen: str = DEFAULT_LISTEN
    base_hosts: tuple[str, ...] = ("localhost",)

    @property
    def host(self) -> str:
        """The address part of ``listen``."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of ``listen``; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """How much work runs at once.

    Attributes:
        limit: Tasks that run at once; default 5, AWS's own limit. Others wait as ``pending``.
        workers: Worker processes; default one per core. Each needs up to 300 MiB of memory.
        retention_days: How long finished tasks are listed; default 7 as AWS. Less breaks clients
            that look late.
    """

    limit: int = 5
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    retention_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Where buckets are.

    Attributes:
        endpoint: URL of an external S3 instead of the built-in buckets, such as
            ``https://s3.example.org``; its keys come from ``VMFERRY_S3_ACCESS_KEY`` and
            ``VMFERRY_S3_SECRET_KEY``.
        region: The region that requests to it are signed for.
        access_key: Its access key id.
        secret_key: Its secret.
    """

    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What is accepted, and what is changed in it.

    Attributes:
        support_policy: ``capability`` (default: what vmferry can run) or ``aws`` (the guide's
            limits and errors).
        max_disk: Largest virtual disk in bytes; default 8 TiB, AWS's limit of ImportImage.
        low_space: Free bytes of the root, and of /boot, below which a check warns; default 64 MiB,
            an initramfs and its copy. Less lets machines through that cannot be mended.
        no_space: Free bytes of the root below which AWS is said to refuse; default 1 MiB, for AWS
            does not publish its limit. With ``support_policy = "aws"`` vmferry refuses there too.
        fixups: The fix-ups of ImportImage: ``all`` (default), names, and names with ``-`` to leave
            one out, such as ``["all", "-fstab"]``; ``none`` changes nothing, and what then does not
            boot or cannot be reached is the caller's.
        network: ``dhcp`` (default: static addresses become DHCP) or ``keep`` (they stay, and the
            names of network cards are tied to the MAC addresses of the appliance).
    """

    support_policy: str = "capability"
    max_disk: int = 8 * TIB
    low_space: int = 64 * MIB
    no_space: int = MIB
    fixups: tuple[str, ...] = ("all",)
    network: str = "dhcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What may be exported.

    Attributes:
        unrestricted: Go beyond AWS; default false. VHDX and OVA as ``DiskImageFormat`` (an OVA has
            every disk of the image), encrypted images of one's own, disks of any size. Risk:
            scripts that rely on it fail at AWS.
        limit: Exports of an account at once in a region; default 5, AWS raises it to 20 on request.
        max_disk: Largest disk in bytes; default 1 TiB, AWS's limit.
    """

    unrestricted: bool = False
    limit: int = 5
    max_disk: int = TIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """How imported machines are started.

    Attributes:
        boot_check: Whether an import boots the machine, on a copy that is thrown away: ``auto``
            (default: where KVM works), ``always`` or ``never``. Without KVM a boot takes minutes.
        boot_deadline_s: Seconds that it may take with KVM, four times as many without; default
            300. Less fails guests that are slow to come up.
    """

    boot_check: str = "auto"
    boot_deadline_s: int = 300


SECTIONS: Final = {
    "serve": Serve,
    "tasks": Tasks,
    "buckets": Buckets,
    "guest": Guest,
    "export": Export,
    "compute": Compute,
}
"""The tables of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings.

    Attributes:
        state_dir: Where everything is kept: records, blocks, buckets, credentials.
    """

    state_dir: Path
    serve: Serve = field(default_factory=Serve)
    tasks: Tasks = field(default_factory=Tasks)
    buckets: Buckets = field(default_factory=Buckets)
    guest: Guest = field(default_factory=Guest)
    export: Export = field(default_factory=Export)
    compute: Compute = field(default_factory=Compute)

    @property
    def database_url(self) -> str:
        """The records."""
        return f"sqlite:///{self.state_dir / 'vmferry.sqlite'}"

    @property
    def task_database_url(self) -> str:
        """The recorded steps of tasks (DBOS)."""
        return f"sqlite:///{self.state_dir / 'tasks.sqlite'}"

    @property
    def block_root(self) -> Path:
        """Segments and block maps."""
        return self.state_dir / "blocks"

    @property
    def bucket_root(self) -> Path:
        """The built-in buckets: one folder each."""
        return self.state_dir / "buckets"

    @property
    def work_root(self) -> Path:
        """One folder per unfinished task; what is here belongs to no one else."""
        return self.state_dir / "work"


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Return the XDG state directory of vmferry."""
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/root")) / ".local" / "state"
    return Path(home) / "vmferry"


def load(
    *,
    state_dir: Path | None = None,
    listen: str = "",
    s3_endpoint: str = "",
    fixups: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Return the settings.

    Args:
        state_dir: Flag; else ``VMFERRY_STATE_DIR``; else the XDG state directory.
        listen: Flag; else ``VMFERRY_LISTEN``; else the file's.
        s3_endpoint: Flag; else ``VMFERRY_S3_ENDPOINT``; else the file's.
        fixups: Flag, names with commas; else ``VMFERRY_FIXUPS``; else the file's.
        environ: The environment.

    Raises:
        SetupError: A value cannot be used; the message names it and where it came from.
    """
    named = state_dir or environ.get("VMFERRY_STATE_DIR") or default_state_dir(environ)
    state = Path(named).expanduser().absolute()
    file = environ.get("VMFERRY_CONFIG")
    document = _document(Path(file or state / "vmferry.toml"), named=bool(file))
    wanted = fixups or environ.get("VMFERRY_FIXUPS", "")
    overrides: dict[str, dict[str, Any]] = {
        "serve": {"listen": listen or environ.get("VMFERRY_LISTEN", "")},
        "buckets": {
            "endpoint": s3_endpoint or environ.get("VMFERRY_S3_ENDPOINT", ""),
            "access_key": environ.get("VMFERRY_S3_ACCESS_KEY", ""),
            "secret_key": environ.get("VMFERRY_S3_SECRET_KEY", ""),
        },
        "guest": {"fixups": words(wanted)},
    }
    unknown = sorted(set(document) - set(SECTIONS))
    if unknown:
        raise SetupError(
            f"settings: unknown section {unknown[0]!r}, expected one of {', '.join(SECTIONS)}"
        )
    values: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        given = document.get(name, {})
        if not isinstance(given, dict):
            raise SetupError(f"settings: {name} is {given!r}, expected a table [{name}]")
        given = dict(given)
        given.update({key: value for key, value in overrides.get(name, {}).items() if value})
        values[name] = _section(name, kind, given)
    config = Config(state_dir=state, **values)
    _check(config)
    return config


def words(text: str) -> list[str]:
    """Return the words of a flag, which are separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _document(path: Path, *, named: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not named:
            return {}
        raise SetupError(f"settings: {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"settings: {path} is not TOML: {error}") from error


def _section(name: str, kind: type[Any], given: dict[str, Any]) -> Any:  # noqa: ANN401
    types = get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in names:
            raise SetupError(
                f"settings: {name}.{key} is unknown, expected one of {', '.join(names)}"
            )
        values[key] = tuple(value) if isinstance(value, list) else value
        expected = _refusal(types[key], values[key])
        if expected:
            raise SetupError(f"settings: {name}.{key} is {value!r}, expected {expected}")
    return kind(**values)


def _refusal(kind: object, value: object) -> str:
    """Return what is expected instead of ``value``; ``""`` if it is right."""
    if kind is int:
        return "" if type(value) is int else "an integer"
    if kind is bool:
        return "" if type(value) is bool else "true or false"
    if kind is str:
        return "" if isinstance(value, str) else "a string"
    texts = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return "" if texts else "a list of strings"


def _check(config: Config) -> None:
    host, colon, port = config.serve.listen.rpartition(":")
    if not (colon and host and _PORT.fullmatch(port) and int(port) < 1 << 16):
        raise SetupError(f"settings: serve.listen is {config.serve.listen!r}, expected HOST:PORT")
    if config.tasks.limit < 1 or config.tasks.workers < 1:
        raise SetupError(
            f"settings: tasks.limit is {config.tasks.limit} and tasks.workers is "
            f"{config.tasks.workers}, expected at least 1"
        )
    if config.tasks.retention_days < 0 or config.guest.max_disk < 1:
        raise SetupError(
            f"settings: tasks.retention_days is {config.tasks.retention_days} and guest.max_disk "
            f"is {config.guest.max_disk}, expected at least 0 and at least 1"
        )
    endpoint = config.buckets.endpoint
    if endpoint and not _URL.fullmatch(endpoint):
        raise SetupError(
            f"settings: buckets.endpoint is {endpoint!r}, expected http://HOST or https://HOST"
        )
    _check_guest(config.guest)
    _check_export(config.export)
    _check_compute(config.compute)


def _check_guest(guest: Guest) -> None:
    if guest.support_policy not in ("capability", "aws"):
        raise SetupError(
            f"settings: guest.support_policy is {guest.support_policy!r}, "
            "expected capability or aws"
        )
    if guest.network not in ("dhcp", "keep"):
        raise SetupError(f"settings: guest.network is {guest.network!r}, expected dhcp or keep")
    if not 0 <= guest.no_space <= guest.low_space:
        raise SetupError(
            f"settings: guest.no_space is {guest.no_space} and guest.low_space is "
            f"{guest.low_space}, expected at least 0 and at least as much"
        )


def _check_export(export: Export) -> None:
    if export.limit < 1 or export.max_disk < 1:
        raise SetupError(
            f"settings: export.limit is {export.limit} and export.max_disk is {export.max_disk}, "
            "expected at least 1"
        )


def _check_compute(compute: Compute) -> None:
    if compute.boot_check not in ("auto", "always", "never"):
        raise SetupError(
            f"settings: compute.boot_check is {compute.boot_check!r}, "
            "expected auto, always or never"
        )
    if compute.boot_deadline_s < 1:
        raise SetupError(
            f"settings: compute.boot_deadline_s is {compute.boot_deadline_s}, expected at least 1"
        )
