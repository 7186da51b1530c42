# Raceway. `make` alone lists what there is to do.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=$(VENV) $(BIN)/uv
PYTHON ?= python3
UV_VERSION := 0.13.9
PACKAGES := libs/raceway_core libs/raceway_common services/ingest services/analyzer services/api cli sdks/python
SOURCES := libs services cli sdks/python examples tests bench tools

.DEFAULT_GOAL := help
.PHONY: help setup demo up test nightly lint format bench lock clean

help: ## List the recipes
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## Install everything that requirements.lock pins into .venv

$(VENV)/.installed: requirements.lock pyproject.toml $(wildcard libs/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml sdks/python/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip install --quiet --require-hashes --requirement requirements.lock
	$(UV) pip install --quiet --no-deps $(addprefix -e ,$(PACKAGES))
	touch $@

demo: setup ## Start Raceway, race a real bank, print what was found
	$(BIN)/raceway demo

up: setup ## Run everything in one process on http://127.0.0.1:8080
	$(BIN)/raceway up

test: setup ## Run every test, with real servers and real processes
	$(BIN)/pytest

nightly: setup ## Run the properties of the core with 30 times the examples
	RACEWAY_TEST_EFFORT=30 $(BIN)/pytest tests/unit/core

lint: setup ## Check style, types, imports and file sizes
	$(BIN)/ruff format --check $(wildcard $(SOURCES))
	$(BIN)/ruff check $(wildcard $(SOURCES))
	$(BIN)/mypy $(wildcard $(addsuffix /src,$(PACKAGES)) tests bench examples tools)
	$(BIN)/lint-imports
	$(BIN)/python tools/check_file_sizes.py

format: setup ## Format the code
	$(BIN)/ruff format $(wildcard $(SOURCES))
	$(BIN)/ruff check --fix $(wildcard $(SOURCES))

bench: setup ## Print the figures of every benchmark
	$(BIN)/python -m bench

lock: setup ## Resolve the newest versions into requirements.lock
	$(UV) export --quiet --upgrade --all-packages --all-groups --all-extras --no-emit-workspace --no-header > requirements.lock

clean: ## Remove what the recipes made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache uv.lock
