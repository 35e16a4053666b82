# SPDX-License-Identifier: Apache-2.0
"""The command line of the tool: make a real guest, or find it in the cache, and print its path."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from tools.make_guest.cache import NAMES, obtain
from tools.make_guest.progress import Progress, StepError
from tools.make_guest.recipe import TRIED, Recipe, RecipeError


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; the path of the guest is the only line on stdout.

    Returns:
        The exit status: 0, 1 when a step failed, 2 when the recipe is refused.
    """
    options = _parser().parse_args(arguments)
    progress = Progress()
    try:
        recipe = Recipe(**{name: getattr(options, name) for name in TRIED})
        path = obtain(recipe, options.format, progress)
        if options.output is not None:
            _copy(path, options.output, progress)
            path = options.output
    except RecipeError as error:
        print(f"make_guest: {error}", file=sys.stderr)
        return 2
    except StepError as error:
        print(f"make_guest: {error}", file=sys.stderr)
        return 1
    progress.say("Done")
    print(path)
    return 0


def _copy(source: Path, target: Path, progress: Progress) -> None:
    progress.say(f"Copy to {target}")
    command = ["cp", "--sparse=always", "--reflink=auto", str(source), str(target)]
    if subprocess.run(command, check=False).returncode != 0:
        raise StepError(f"cp: {source} was not copied to {target}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make_guest", description=__doc__)
    defaults = {field.name: field.default for field in fields(Recipe)}
    for name, tried in TRIED.items():
        if isinstance(defaults[name], bool):
            parser.add_argument(f"--{name}", action="store_true")
        else:
            parser.add_argument(
                f"--{name}", default=defaults[name], metavar="|".join(map(str, tried))
            )
    parser.add_argument("--format", choices=sorted(NAMES), default="ova")
    parser.add_argument("--output", type=Path, help="copy the guest to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
