# SPDX-License-Identifier: Apache-2.0
"""File systems that can be read. A module here exports ``FILESYSTEM``, a ``FileSystem``."""
