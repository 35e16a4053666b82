# SPDX-License-Identifier: Apache-2.0
"""``python -m vmferry`` is the same program as ``vmferry``."""

from vmferry.cli.main import main

if __name__ == "__main__":
    main()
