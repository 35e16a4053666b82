# SPDX-License-Identifier: Apache-2.0
"""STS's actions: one file each."""
