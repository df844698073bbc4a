# Everything from nothing but Python 3.11 or later, make and the package registry.
# A target that needs the environment makes it first, and again when pyproject.toml or constraints.txt change.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TESTS ?=
# One more than there are cores: servers and browsers are waited for.
PYTEST_ARGS ?= -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile
DEMO_ARGS ?=
BENCH_ARGS ?=
N ?= 300
SEED ?= 0
SIMULATE_ARGS ?=

# The oldest supported Python first: constraints.txt was made with it. PYTHON=... chooses another.
PYTHONS := $(or $(PYTHON),python3.11 python3.12 python3.13 python3)

.PHONY: help test lint types layers unit readings matrix format demo bench docs picture pictures simulate power laws crash faults fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | awk -F'\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

test: lint types layers unit readings ## all checks: lint, types, layers, unit, readings

lint: $(VENV)/.test ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.test ## mypy, strict
	$(BIN)/mypy --strict

layers: $(VENV)/.test ## import-linter: who may import whom
	$(BIN)/lint-imports

unit: $(VENV)/.test ## pytest; TESTS=tests/core chooses, PYTEST_ARGS= runs in one process
	$(BIN)/pytest $(PYTEST_ARGS) $(TESTS)

readings: $(VENV)/.test ## the tables under three hard readings of the API
	@$(BIN)/python -m tests.matrix --spread

matrix: $(VENV)/.test ## the tables under every reading of the API, on both servers and in memory (two hours)
	@$(BIN)/python -m tests.matrix

format: $(VENV)/.test ## let ruff format and mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

demo: $(VENV)/.test ## the whole thing on this machine, no account needed; DEMO_ARGS=--once exits by itself
	@$(BIN)/liondesk-bridge demo $(DEMO_ARGS)

bench: $(VENV)/.bench ## measured figures, beside what the servers do without us
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

docs: $(VENV)/.test ## write what is made from the program: docs/cli.md, parts of docs/translation.md and docs/calendar-apps.md
	@$(BIN)/python -m tests.cli.reference > docs/cli.md.new && mv docs/cli.md.new docs/cli.md
	@$(BIN)/python -m tests.pages

picture: $(VENV)/.test ## draw docs/sync.svg from a real run of the demo
	@$(BIN)/python docs/picture.py

pictures: $(VENV)/.test ## take docs/page-*.png from the page of a real demo, in Chromium
	@$(BIN)/python docs/pictures.py

simulate: $(VENV)/.test ## drawn histories of two people and a bridge between, on every core; N=1000 SEED=0 SIMULATE_ARGS=--faults
	@$(BIN)/python -m tests.simulation --histories $(N) --seed $(SEED) $(SIMULATE_ARGS)

power: $(VENV)/.test ## engines that are broken on purpose, and after how many histories each is found
	@$(BIN)/python -m tests.simulation.power

laws: $(VENV)/.test ## the laws of rules, clocks and merges on LAWS=20 times as many drawn examples
	@LAWS=$(or $(LAWS),20) $(BIN)/pytest $(PYTEST_ARGS) tests/core

crash: $(VENV)/.test ## kill -9 at every request and every commit of 17 scenarios, run again, verify
	@$(BIN)/python -m tests.crash

faults: $(VENV)/.test ## every fault of the network with every kind of request, on real sockets
	@FAULTS=all $(BIN)/pytest -q -n auto tests/faults

fuzz: $(VENV)/.test ## everything that reads foreign input, on FUZZ=20 times as many drawn examples, and monsters
	@FUZZ=$(or $(FUZZ),20) $(BIN)/pytest -q tests/fuzz

clean: ## remove the environment and every cache
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or later with its venv module was found (tried: $(PYTHONS))." >&2; \
	echo "Install one (Debian and Ubuntu: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3.12" >&2; \
	exit 1

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up $(VENV) (once; a minute or two) ..." >&2
	@$(PIP_INSTALL) -c constraints.txt -e '.[all,test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(PIP_INSTALL) -c constraints.txt -e '.[all,test,bench]'
	@touch $@
