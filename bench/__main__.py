# SPDX-License-Identifier: Apache-2.0
"""The benchmark: vmferry and its peers on the same files in the same run, as ratios.

    make bench                      everything
    .venv/bin/python bench import   one measure
    .venv/bin/python bench --output json --runs 5

Ours is measured end to end through the API, from the request until the task says ``completed``,
waiting, records and all; the peer is a bare process. Runs alternate, the best of each is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.inputs import Inputs
from bench.measures import MEASURES
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.figure import Figure


def main() -> None:
    """Run the chosen measures and print their figures."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("measure", nargs="*", choices=[[], *MEASURES], help="all by default")
    parser.add_argument("--runs", type=int, default=3, help="of each side (3)")
    parser.add_argument("--output", choices=["table", "json"], default="table")
    options = parser.parse_args()
    console = Console(stderr=True)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="vmferry-bench-") as name:
        inputs = Inputs(Path(name), console)
        for measure in options.measure or MEASURES:
            console.print(f"measuring {measure} …")
            figures += MEASURES[measure](inputs, options.runs)
    if options.output == "json":
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
    else:
        Console().print(_table(figures))
    sys.exit(0 if all(figure.met for figure in figures) else 1)


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "vmferry", "peer", "ratio", "goal", "met")
    for figure in figures:
        table.add_row(
            figure.what,
            f"{figure.ours:.2f} {figure.unit}",
            f"{figure.peer:.2f} {figure.unit} ({figure.peer_name})" if figure.peer_name else "",
            f"{figure.ratio:.2f}x" if figure.peer_name else "",
            figure.goal_text,
            "yes" if figure.met else "NO",
        )
    return table


if __name__ == "__main__":
    main()
