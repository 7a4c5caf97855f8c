# make up      installs what is needed, starts everything, prints the address
# make test    checks and tests everything
# make bench   measures; make bench ONLY="B1 B4" measures some
# See CONTRIBUTING.md for the others.

SHELL = /bin/bash
.SHELLFLAGS = -eu -o pipefail -c
.DEFAULT_GOAL = help
.PHONY: help up setup dev browser test check bench lock assets i18n clean

GENJIN_PYTHON ?= python3
BIN = .venv/bin
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url $(LOCK_FLAGS)
TEST_PROCESSES ?= 2
TESTS ?= tests

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

# The program stops when this make is gone, even by kill -9.
up: setup
	@exec env GENJIN_STOPS_WITH=$$PPID $(BIN)/genjin up

setup:
	@$(GENJIN_PYTHON) tools/setup.py run

dev:
	@$(GENJIN_PYTHON) tools/setup.py dev

browser: dev
	@$(GENJIN_PYTHON) tools/setup.py browser

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/i18n.py check

# pytest comes last: its closing line is the last word.
test: browser check
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile $(TESTS)

bench: dev
	@$(BIN)/python -m bench $(ONLY)

# LOCK_FLAGS=--upgrade takes the newest versions.
lock: dev
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) -c requirements-dev.txt requirements-bootstrap.in -o requirements-bootstrap.txt
	npm install --package-lock-only --ignore-scripts --silent

assets: setup
	$(BIN)/python tools/assets.py

i18n: setup
	$(BIN)/python tools/i18n.py extract
	$(BIN)/python tools/i18n.py compile

clean:
	rm -rf build node_modules .venv src/genjin/web/static/vendor
