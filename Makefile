# Needs Python 3.11+ and make; everything else comes from requirements.lock into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2

.DEFAULT_GOAL := help

.PHONY: help demo test test-all lint types docs bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: $(STAMP) ## orders from shop to Odoo to warehouse and back, on simulators, with a report that must add up
	$(BIN)/crossdock demo

test: $(STAMP) ## the test suite (under 5 minutes on 2 cores)
	$(PYTEST) -m "not slow and not chaos" -n $(WORKERS) -q

test-all: $(STAMP) ## everything, with the slow suites and the kill -9 suites
	$(PYTEST) -m "slow or chaos" -q --timeout 1800

lint: $(STAMP) ## ruff, import floors, repository checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_repository.py

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

docs: $(STAMP) ## the documentation, built strictly into site/
	$(BIN)/python scripts/build_reference.py
	$(BIN)/mkdocs build --strict --quiet

bench: $(STAMP) ## speed, as ratios against a floor in the same run
	$(BIN)/python -m benches

lock: ## pin every dependency again (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
