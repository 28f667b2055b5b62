# Two commands: `make refresh` shows the pipeline at work on its demo feeds, `make test` proves it.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo yes),$(p))))
BIN := .venv/bin
export KTO_HOME ?= var

.DEFAULT_GOAL := help
.PHONY: help setup refresh test lint docs site bench lock clean

help:  ## Show these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.installed  ## Make .venv from the lock

.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found; install one or pass PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

refresh: setup  ## Run the whole pipeline on the demo feeds and show what came out
	@$(BIN)/kto demo

test: setup lint  ## Lint, type-check and run every test
	$(BIN)/python -m pytest

lint: setup  ## ruff, mypy, bandit, sqlfluff and reuse
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive dagster_project
	mkdir -p var/lint
	KTO_HOME=var/lint $(BIN)/sqlfluff lint --processes 0 dbt_project/models
# only a checkout tells which files are the project's
	test ! -e .git || $(BIN)/reuse lint --quiet

docs: setup  ## Renew the pages of docs/ that are written from the code
	$(BIN)/python tests/docs/reference_pages.py docs

site: setup  ## Build the pages as a site in var/site; a link that leads nowhere stops it
	$(BIN)/mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml

bench: setup  ## Time the pipeline on a million responses beside scripts by hand
	$(BIN)/python benchmarks/pipeline.py

lock:  ## Renew requirements.lock on purpose (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --quiet --output-file requirements.lock

clean:  ## Remove what make made, the published demo included
	rm -rf .venv var dbt_project/target dbt_project/logs
