# The way of working with this project; `make help` lists it.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: help install demo test soak bench check clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

install: .venv/installed ## make .venv with everything

.venv/installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "This needs Python 3.11 or later; name it with make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is too old: Python 3.11 or later is needed; make PYTHON=python3.12 ..." >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) comes without venv or pip; on Debian: apt-get install python3.11-venv" >&2; \
	  exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: install ## conversions and ad metrics on made-up data, against simulated platforms
	@$(BIN)/connector demo

# One more at once than there are cores, since most of them wait now and then.
test: install ## all tests
	@$(BIN)/python -m pytest --numprocesses $$($(BIN)/python -c 'import os; print(os.cpu_count() + 1)')

soak: install ## the long rounds of the seeded tests
	@SOAK=1 $(BIN)/python -m pytest --numprocesses auto --timeout 3600 tests/comparison tests/crashes \
	  tests/conversions/test_phones.py tests/conversions/test_exactly_once.py tests/pacing \
	  tests/campaigns/test_campaigns_rounds.py tests/campaigns_apply/test_applying_killed.py \
	  tests/metrics_import/test_import_deaths.py tests/end_to_end

bench: install ## measure, as ratios
	@PYTHONPATH=tests $(BIN)/python -m benchmarks

check: install ## lint and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

clean: ## remove what these commands made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
