# SPDX-License-Identifier: Apache-2.0
"""``vmferry serve``: the endpoint."""

from __future__ import annotations

import gc
import logging
import os
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from vmferry.cli.commands import Command
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from vmferry.config import Config

LEVELS = ("debug", "info", "warning", "error")


def run(
    state_dir: Annotated[
        Path | None,
        typer.Option(help="Where everything is kept [VMFERRY_STATE_DIR].", show_default=False),
    ] = None,
    listen: Annotated[
        str,
        typer.Option(help="HOST:PORT [VMFERRY_LISTEN], 127.0.0.1:4599.", show_default=False),
    ] = "",
    s3_endpoint: Annotated[
        str,
        typer.Option(
            help="URL of an external S3 instead of built-in buckets [VMFERRY_S3_ENDPOINT]; "
            "its keys come from VMFERRY_S3_ACCESS_KEY and VMFERRY_S3_SECRET_KEY.",
            show_default=False,
        ),
    ] = "",
    fixups: Annotated[
        str,
        typer.Option(
            help="What ImportImage mends: all, none, names, -name without it [VMFERRY_FIXUPS].",
            show_default=False,
        ),
    ] = "",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve ec2, s3, iam and sts on one endpoint until Ctrl-C; running tasks survive a stop."""
    _log_to_stderr(log_level)
    # Records hold secrets: whatever is made from here on is ours alone, in workers too.
    os.umask(0o077)
    # Collections while modules are loaded find nothing and take 0.1 s of the 0.7 s of a start.
    gc.disable()
    from vmferry import config

    _serve(config.load(state_dir=state_dir, listen=listen, s3_endpoint=s3_endpoint, fixups=fixups))


def _serve(settings: Config) -> None:
    from vmferry.daemon import Service

    service = Service(settings)
    # Until the HTTP loop takes signals over, a stop must still end what was started already.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        service.start()
        gc.freeze()
        gc.enable()
        typer.echo(_welcome(service.url, service.config.state_dir))
        sys.stdout.flush()
        service.run()
    finally:
        service.stop()


def _welcome(url: str, state_dir: Path) -> str:
    return (
        f"vmferry is ready at {url}. To use it with any AWS client:\n"
        f"export AWS_ENDPOINT_URL={url}\n"
        f"export AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(state_dir / 'credentials'))}\n"
        "export AWS_DEFAULT_REGION=us-east-1"
    )


class Log:
    """Standard error, which may lie on a full disk: no request fails for want of a log."""

    def write(self, text: str) -> None:
        """Write ``text`` if that is possible."""
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with suppress(OSError):
            sys.stderr.flush()


def _log_to_stderr(level: str) -> None:
    if level.lower() not in LEVELS:
        raise SetupError(f"--log-level is {level!r}, expected one of {', '.join(LEVELS)}")
    import structlog

    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if sys.stderr.isatty()
            else structlog.processors.LogfmtRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Log())),
        cache_logger_on_first_use=True,
    )


COMMAND = Command(
    name="serve",
    run=run,
    example="vmferry serve --state-dir /srv/vmferry --listen 127.0.0.1:4599",
)
