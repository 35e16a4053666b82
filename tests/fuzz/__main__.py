# SPDX-License-Identifier: Apache-2.0
"""Fuzzes one parser, guided by the coverage of vmferry's own code.

    .venv/bin/python -m tests.fuzz vhdx --seconds 3600
    .venv/bin/python -m tests.fuzz vhdx --input BASE64      one input, as a finding prints it

What it may not do: let anything but a refusal out, read outside its file, take more than a second
of processor time for one input, or much memory. A finding is printed with its input, and the exit
status is not 0. Inputs that reached new code are kept in ``build/fuzz`` from run to run.
"""

from __future__ import annotations

import argparse
import base64
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import atheris  # type: ignore[import-untyped]

from vmferry.processes import die_with_parent

if TYPE_CHECKING:
    from tests.fuzz.parsers import Parser

CORPUS: Final = Path(__file__).parent / "corpus"
FOLDER: Final = Path(__file__).parents[2] / "build" / "fuzz"

_SECONDS: Final = 1.0
"""Of processor time, for one input."""

_MEMORY: Final = 384 << 20
"""Bytes of address space that all inputs together may add to the program's own."""

_INPUT_MEMORY: Final = 160 << 20
"""Bytes that one input may add to the largest resident size so far."""

_ENDLESS_S: Final = 60
_LONGEST: Final = 16384


def main() -> None:
    """Run one parser on many inputs, or on one."""
    options = _options()
    _become_thin()
    with atheris.instrument_imports(include=["vmferry"]):
        from tests.fuzz.parsers import PARSERS, run_within

        from vmferry.formats import all_formats

        all_formats()  # imports every format

    parser = PARSERS[options.parser]
    _limit_memory()

    def one_input(data: bytes) -> None:
        try:
            run_within(parser, data, seconds=_SECONDS, memory=_INPUT_MEMORY)
        except Exception:
            print(f"input of {options.parser}: {base64.b64encode(data).decode()}", file=sys.stderr)
            raise

    if options.input is not None:
        one_input(base64.b64decode(options.input))
        return
    arguments = _arguments(options, parser)
    atheris.Setup([sys.argv[0], *arguments], one_input, custom_mutator=parser.mutate)
    atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("parser", choices=sorted(path.name for path in CORPUS.iterdir()))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--input", help="one input in base64, instead of many")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept (build/fuzz)")
    return parser.parse_args()


def _arguments(options: argparse.Namespace, parser: Parser) -> list[str]:
    folder: Path = options.folder / options.parser
    kept, words = folder / "kept", folder / "words"
    kept.mkdir(parents=True, exist_ok=True)
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in parser.words]
    words.write_text("\n".join(lines) + "\n")
    return [
        *(str(kept), str(CORPUS / options.parser)),
        f"-dict={words}",
        f"-max_total_time={options.seconds}",
        f"-max_len={_LONGEST}",
        f"-timeout={_ENDLESS_S}",
        "-rss_limit_mb=1024",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    ]


def _become_thin() -> None:
    """Go on in a child: libFuzzer takes the peak of whoever started this process for its own."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    die_with_parent()


def _limit_memory() -> None:
    with Path("/proc/self/statm").open() as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY, held + _MEMORY))


if __name__ == "__main__":
    main()
