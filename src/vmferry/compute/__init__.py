# SPDX-License-Identifier: Apache-2.0
"""QEMU: what the host can do, machines as values, and whether a guest boots."""
