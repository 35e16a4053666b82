# SPDX-License-Identifier: Apache-2.0
"""The words of the house: frozen values that every room uses, and the seams between the rooms.

source ─▶ disk ─▶ blocks ─▶ snapshot ─▶ image         bytes.py  disk.py  machine.py  catalog.py
                    │                     │
                    guest (guest.py)      task (task.py): what the API shows while it happens
"""
