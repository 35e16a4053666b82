# SPDX-License-Identifier: Apache-2.0
"""vmferry: VM Import/Export as open-source software that anyone can run.

Read ``model/`` first, then ``jobs/import_image.py``; everything else is a support
(``HACKING.md``, ``docs/design.md``).
"""

__version__ = "0.1.0"
