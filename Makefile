# Owners' self-governance platform. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.SUFFIXES:

BIN := .venv/bin
PACKAGES := hoa voting finance
CODE := $(PACKAGES) tests bin wsgi.py
# Two cores are what the time limits are promised on.
WORKERS ?= 2
PYTEST := $(BIN)/pytest
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
CATALOGUES := $(wildcard hoa/translations/*/LC_MESSAGES/messages.po)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# ------------------------------------------------------------------------------------------------- installing
.PHONY: setup
setup: .venv/stamp-dev .venv/stamp-hoa $(CATALOGUES:.po=.mo) ## install everything for running, testing and developing into .venv/

.venv/bin/python:
	@bin/system-packages run
	@python=$$(for p in /usr/bin/python3 python3; do \
		$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done); \
		echo "Creating .venv with $$python"; "$$python" -m venv --clear .venv

.venv/stamp-run: requirements/run.txt bin/system-packages | .venv/bin/python
	@bin/system-packages run
	$(BIN)/pip install -qq --require-hashes -r requirements/run.txt
	@touch $@

.venv/stamp-dev: requirements/dev.txt requirements/run.txt bin/system-packages | .venv/bin/python
	@bin/system-packages test
	$(BIN)/pip install -qq --require-hashes -r requirements/dev.txt
	@touch .venv/stamp-run $@

# The checkout itself, importable, with the `hoa` command. setuptools is in the lock, so nothing is fetched here.
.venv/stamp-hoa: pyproject.toml | .venv/stamp-run
	$(BIN)/pip install -qq --no-deps --no-index --no-build-isolation -e .
	@touch $@

%.mo: %.po | .venv/stamp-run
	$(BIN)/python bin/translations.py compile $<

# --------------------------------------------------------------------------------------------------- running
.PHONY: run
run: .venv/stamp-run .venv/stamp-hoa $(CATALOGUES:.po=.mo) ## start the platform with the demo community at http://localhost:8000
	@HOA_DEMO=$${HOA_DEMO:-1} HOA_DATA=$${HOA_DATA:-.data/demo} $(BIN)/hoa serve

# --------------------------------------------------------------------------------------------------- checking
.PHONY: test
test: setup ## every check: lint, unit, integration on both databases, browser and fault tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m tests.collected check
	$(PYTEST) -n $(WORKERS) tests/unit tests/integration tests/browser
	$(PYTEST) tests/faults

.PHONY: lint
lint: setup ## the quick checks: style, types, directions, templates, translations, locks
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/deptry .
	$(BIN)/python bin/translations.py check
	$(BIN)/python bin/check_locks.py

.PHONY: format
format: setup ## let ruff lay out the code
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: count
count: setup ## write the number of tests into tests/collected.txt
	@$(BIN)/python -m tests.collected write

.PHONY: coverage
coverage: setup ## line and branch coverage of the unit and integration tests
	@mkdir -p .cache
	$(PYTEST) -n $(WORKERS) --cov --cov-report= tests/unit tests/integration
	$(BIN)/coverage report

.PHONY: bench
bench: setup ## measure this machine's limits and the platform beside them
	@$(BIN)/python -m tests.bench

.PHONY: screenshots
screenshots: setup ## walk the pages in Chromium and save the pictures that the README shows
	HOA_SCREENSHOTS=docs/screenshots $(PYTEST) tests/browser

# ------------------------------------------------------------------------------------------------ maintaining
.PHONY: lock
lock: setup ## choose versions anew for requirements/*.txt (UPGRADE=1 takes newer ones)
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra build pyproject.toml -o requirements/run.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra build --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	$(BIN)/python bin/check_locks.py

.PHONY: translations
translations: setup ## collect the words on screen into hoa/translations
	$(BIN)/python bin/translations.py update

.PHONY: clean
clean: ## remove what was built (.venv, caches); data in .data/ stays
	rm -rf .venv .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov
	find hoa voting finance tests bin -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f hoa/translations/*/LC_MESSAGES/messages.mo
