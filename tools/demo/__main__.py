# SPDX-License-Identifier: Apache-2.0
"""Run the tool as a folder: ``python tools/demo``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
runpy.run_module("tools.demo.command", run_name="__main__")
