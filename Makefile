# The two commands for a fresh machine are `make demo` and `make test`: each installs what it needs.
# What `make install` does, and why, is in requirements/install.

SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := domain application adapters entrypoints tests
UV_VERSION := 0.13.9
LOCK := build/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --annotation-style line --custom-compile-command "make lock"

# pyright comes with its own node and its own pyright: it has no reason to ask the network.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help install install-demo demo test faults check format bench lock kafka clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: ## make .venv with everything that is locked in requirements/dev.txt
	@requirements/install dev

install-demo:
	@requirements/install demo

demo: install-demo ## the whole chain on this machine, with a page to look at (Ctrl-C ends it)
	@$(BIN)/cdc-audit demo $(ARGS)

test: install ## every test; a server that cannot be started here is skipped with a reason
	@tests/servers/fetch-jars --if-possible
	@$(BIN)/pytest -n 2 $(ARGS)

faults: install ## every fault, with real servers; the table goes to build/faults.json too
	@tests/servers/fetch-jars --if-possible
	@$(BIN)/pytest tests/faults tests/e2e/test_redelivery.py -m "" $(ARGS)

check: install ## format, lint, both type checkers, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

format: install ## rewrite the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## measure; figures go to build/bench.json
	@tests/servers/fetch-jars --if-possible
	@$(BIN)/python -m tests.benchmarks $(ARGS)

kafka: ## jars for the tests, from Maven: Apache Kafka, Debezium for MariaDB
	@tests/servers/fetch-jars

lock: build/uv/bin/uv ## resolve the dependencies anew (UPGRADE=1: to the newest that are allowed)
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra demo --extra test pyproject.toml -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt --extra demo pyproject.toml -o requirements/demo.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	$(LOCK) -c requirements/dev.txt requirements/build.in -o requirements/build.txt

build/uv/bin/uv:
	@requirements/install venv build/uv
	build/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

clean: ## remove .venv, build and every cache
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find adapters -name '*.so' -delete
