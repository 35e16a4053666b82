# SPDX-License-Identifier: Apache-2.0
# `make` alone says what there is. Everything runs from .venv; only `setup` touches the machine.
BIN := .venv/bin
SETUP := .venv/setup.stamp

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint bench lock

help: ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

setup: $(SETUP) ## install missing Debian packages and the locked Python packages (root or sudo)
	@:

demo: setup ## run the main job on a real machine image with the aws CLI (OVA=path takes yours)
	$(BIN)/python tools/demo

serve: setup ## start the service on http://127.0.0.1:4599
	$(BIN)/vmferry serve

test: setup ## run every test; ruff, mypy and import-linter are among them
	$(BIN)/python -m pytest

lint: setup ## run ruff, mypy and import-linter alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(wildcard src tests tools bench)
	$(BIN)/lint-imports --no-logo

bench: setup ## measure speed and memory against qemu-img in the same run
	$(BIN)/python bench

lock: ## renew requirements.lock from pyproject.toml
	test -x $(BIN)/python || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev \
	    --generate-hashes --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

$(SETUP): tools/setup.sh tools/debian-packages.txt requirements.lock pyproject.toml
	@tools/setup.sh
	@touch $@
