# SPDX-License-Identifier: Apache-2.0
"""The composition root: the only module that wires everything, starts it and stops it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import threading
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn

from vmferry.api.app import App
from vmferry.api.s3.gateway import Gateway
from vmferry.api.s3.rclone import Rclone
from vmferry.api.s3.upstream import ExternalS3, OwnBuckets
from vmferry.api.services import Services
from vmferry.catalog import Images, Snapshots, Tags
from vmferry.catalog.buckets import Buckets
from vmferry.errors import SetupError, VmferryError
from vmferry.identity import Identity
from vmferry.jobs import runners
from vmferry.jobs._collect import collect_garbage
from vmferry.jobs._rooms import open_rooms, prepare_worker
from vmferry.stores.directory import sweep
from vmferry.tasks import Tasks, WorkerPool
from vmferry.tasks.pool import StoppingError

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.api.s3.upstream import Upstream
    from vmferry.config import Config
    from vmferry.jobs._rooms import Rooms
    from vmferry.model.identity import AccessKey

HOUSEKEEPING_S: Final = 3600
"""How often the records of long finished tasks are removed."""

RETRY_S: Final = 1.0
PATIENCE: Final = 60
"""A collection keeps a worker from copying while it waits, so it waits only after so many tries."""

PRELOADED: Final = ("vmferry.jobs.import_image", "vmferry.jobs.export_image", "vmferry.guest")
"""What workers need; imported once by the fork server, shared by all of them."""

log = structlog.get_logger("vmferry")


class Housekeeper:
    """Collects garbage when asked, and forgets old tasks, in a thread of its own."""

    def __init__(self, config: Config, pool: WorkerPool) -> None:
        self._config, self._pool = config, pool
        self._asked, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="housekeeper", daemon=True)
        self._began = time.time()
        self.tasks: Tasks | None = None

    def start(self) -> None:
        """Begin; the first round removes what the last run left."""
        self._asked.set()
        self._thread.start()

    def ask(self) -> None:
        """Collect soon; asking twice before it begins is asking once."""
        self._asked.set()

    def stop(self) -> None:
        """Begin no other round; the one under way ends with the pool."""
        self._stopping.set()
        self._asked.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _collect(self) -> None:
        """Collect between slices if there is a gap soon, else make one."""
        tries = 0
        while not self._stopping.is_set():
            tries += 1
            removed = self._pool.call(collect_garbage, (tries >= PATIENCE,))
            if removed is not None:
                log.debug("collected", maps=removed[0], segments=removed[1])
                return
            self._stopping.wait(RETRY_S)

    def _work(self) -> None:
        sweep(self._config.block_root, self._began)
        sweep(self._config.bucket_root, self._began)
        while True:
            self._asked.wait(HOUSEKEEPING_S)
            if self._stopping.is_set():
                return
            self._asked.clear()
            try:
                self._collect()
                if self.tasks is not None:
                    self.tasks.forget(timedelta(days=self._config.tasks.retention_days))
            except VmferryError as error:
                if not self._stopping.is_set():
                    log.warning("collection failed", error=error.message)
            except StoppingError:
                return


class Service:
    """One running vmferry.

    Args:
        config: The settings.

    Attributes:
        url: The endpoint, once started.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.url = ""
        self._stack = ExitStack()
        self._server: uvicorn.Server | None = None
        self._socket: socket.socket | None = None

    def start(self) -> AccessKey:
        """Wire and start everything but the HTTP loop.

        Returns:
            The account's own access key, made at the first start.

        Raises:
            SetupError: The state directory or the address cannot be used.
        """
        self._prepare_folders()
        self._socket = self._listen()
        upstream = self._upstream()
        rooms = open_rooms(self.config)
        self._stack.callback(rooms.engine.dispose)
        identity = Identity(rooms.engine)
        key = identity.first_start()
        _write_credentials(self.config.state_dir / "credentials", key)
        tasks, housekeeper = self._start_tasks(rooms)
        services = Services(
            config=self.config,
            identity=identity,
            images=Images(rooms.engine),
            snapshots=Snapshots(rooms.engine),
            tags=Tags(rooms.engine),
            buckets=Buckets(rooms.engine),
            tasks=tasks,
            rooms=rooms,
            collect=housekeeper.ask,
        )
        self._server = self._http(services, upstream)
        housekeeper.start()
        return key

    def _start_tasks(self, rooms: Rooms) -> tuple[Tasks, Housekeeper]:
        config = self.config
        pool = WorkerPool(config.tasks.workers, prepare_worker, (config,), PRELOADED)
        housekeeper = Housekeeper(config, pool)
        tasks = Tasks(
            engine=rooms.engine,
            url=config.task_database_url,
            work_root=config.work_root,
            pool=pool,
            runners=runners(rooms),
            limit=config.tasks.limit,
            collect=housekeeper.ask,
        )
        housekeeper.tasks = tasks
        tasks.start()
        self._stack.callback(housekeeper.join)
        self._stack.callback(tasks.stop)
        self._stack.callback(housekeeper.stop)
        return tasks, housekeeper

    def _http(self, services: Services, upstream: Upstream) -> uvicorn.Server:
        gateway = Gateway(
            buckets=services.buckets,
            upstream=upstream,
            access_key=services.identity.access_key,
            canonical_id=services.identity.canonical_id,
            clock=_utc,
            base_hosts=self.config.serve.base_hosts,
        )
        return uvicorn.Server(
            uvicorn.Config(
                App(services, gateway),
                loop="uvloop",
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )

    def run(self) -> None:
        """Answer requests until SIGINT or SIGTERM; running tasks go on at the next start."""
        if self._server is None or self._socket is None:
            raise SetupError("the service was not started")
        # uvicorn raises the signal again when it is done; that must not end the process before
        # ``stop`` has.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._server.handle_exit)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Stop everything that ``start`` started, in the opposite order."""
        self._stack.close()

    def _upstream(self) -> Upstream:
        config = self.config
        if config.buckets.endpoint:
            return ExternalS3(
                endpoint=config.buckets.endpoint,
                region=config.buckets.region,
                access_key=config.buckets.access_key,
                secret_key=config.buckets.secret_key,
                clock=_utc,
            )
        rclone = Rclone(root=config.bucket_root, state=config.state_dir / "rclone")
        rclone.start()
        self._stack.callback(rclone.stop)
        return OwnBuckets(rclone, config.bucket_root)

    def _prepare_folders(self) -> None:
        config = self.config
        try:
            config.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (config.block_root, config.bucket_root, config.work_root):
                folder.mkdir(exist_ok=True)
            fd = os.open(config.state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SetupError(
                f"state directory {config.state_dir}: {error.strerror}",
                hint="Name another one with --state-dir",
            ) from error
        self._stack.callback(os.close, fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(
                f"state directory {config.state_dir}: another vmferry is using it",
                hint="Stop that one, or name another directory with --state-dir",
            ) from error

    def _listen(self) -> socket.socket:
        serve = self.config.serve
        family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        self._stack.callback(listener.close)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((serve.host, serve.port))
            listener.listen(2048)
        except OSError as error:
            raise SetupError(
                f"cannot listen on {serve.listen}: {error.strerror}",
                hint="Choose another address with --listen HOST:PORT",
            ) from error
        host = f"[{serve.host}]" if family == socket.AF_INET6 else serve.host
        self.url = f"http://{host}:{listener.getsockname()[1]}"
        return listener


def _utc() -> datetime:
    return datetime.now(UTC)


def _write_credentials(path: Path, key: AccessKey) -> None:
    """Write the AWS credentials file, readable by its owner only, if it does not say so already."""
    text = f"[default]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    with suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o077 == 0:
            return
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
