# The commands of the project; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed node_modules/.installed ## Environment in .venv/, locked dependencies, front-end packages

$(VENV)/.installed: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@touch $@

node_modules/.installed: package.json package-lock.json
	npm ci --silent
	@touch $@

demo: setup ## The portal with a fictitious national round on 127.0.0.1:8000 (ARGS=--check, ARGS=--fresh)
	@$(BIN)/python manage.py demo $(ARGS)

test: setup ## The whole suite, against real PostgreSQL and Redis (IVPORTAL_THOROUGH=1: more that is drawn by chance)
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## ruff, mypy, import-linter, djlint, migrations check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache
	$(BIN)/djlint templates --check
	$(BIN)/djlint templates --lint
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py check_migrations

bench: setup ## The measurements of benchmarks/
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements.lock

clean: ## Remove what was made here: environment, packages, data of the demonstration
	-$(BIN)/python manage.py embedded stop
	rm -rf $(VENV) node_modules .data
