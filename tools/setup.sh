#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Make a fresh Debian 12 ready: the missing packages of debian-packages.txt, and .venv from
# requirements.lock. Run by `make setup`, which skips it while nothing it reads has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

missing_packages() {
    local package
    sed 's/#.*//' tools/debian-packages.txt | while read -r package; do
        [ -z "$package" ] ||
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            echo "$package"
    done
}

install_packages() {
    local as_root=() missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    echo "== Debian packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        command -v sudo >/dev/null || {
            echo "setup: no sudo here; as root run: apt-get install ${missing[*]}" >&2
            exit 1
        }
    fi
    # Another apt may hold the lock (unattended-upgrades on a fresh machine): wait, do not fail.
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" update
    "${as_root[@]}" install --yes --no-install-recommends "${missing[@]}"
}

install_python() {
    if [ ! -x .venv/bin/pip ]; then
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
            echo "setup: python3 is $(python3 --version 2>&1), expected 3.11 or newer" >&2
            exit 1
        }
        echo "== Python environment: .venv by $(command -v python3)"
        python3 -m venv .venv
    fi
    echo "== Python packages: $(grep -c '^[a-z].*==' requirements.lock) of requirements.lock"
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
    # The lock brings the build backend, so nothing unlocked is downloaded for the build.
    .venv/bin/python -m pip install --disable-pip-version-check --quiet --no-deps \
        --no-build-isolation --editable .
}

if command -v apt-get >/dev/null; then
    install_packages
else
    echo "setup: no apt-get here; install what tools/debian-packages.txt names" >&2
fi
install_python
echo "== Ready after ${SECONDS} s"
