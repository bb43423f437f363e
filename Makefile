# etcdview: `make help` lists what can be made. Needs Python 3.11 or later and make, nothing else.
.DEFAULT_GOAL := help

PORT ?= 8000
KEYS ?= 1000000
# Tests wait for etcd and browsers more than they compute. A file stays in one process, with clusters of its own.
PARALLEL ?= --numprocesses 3 --dist loadfile --no-loadscope-reorder
# The first Python on PATH that is new enough; name another with PYTHON=.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := $(VENV)/.installed
READY_DEV := $(VENV)/.installed-dev

.PHONY: help venv dev demo test lint format bench compat schema vectors fuzz settings clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(READY) ## .venv with etcdview in it (.venv/bin/etcdview), and nothing else

dev: $(READY_DEV) ## .venv with what tests and linters need as well

demo: $(READY) ## a three-member cluster with real data, served at http://127.0.0.1:8000/ (PORT= moves it)
	@exec $(BIN)/etcdview demo --port $(PORT)

test: $(READY_DEV) ## all tests, against a real etcd and a real browser (ARGS= for pytest)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

lint: $(READY_DEV) ## ruff, mypy --strict, djlint, bandit, pip-audit
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/bandit --quiet --recursive etcdview webapp wsgi.py --severity-level medium
	$(BIN)/python -m tools.audit

format: $(READY_DEV) ## write the code as the linters want it
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(READY_DEV) ## what it costs, beside etcdctl, at 1,000,000 keys (KEYS= for fewer)
	$(BIN)/python -m compileall -q etcdview webapp
	@# Templates, too, are compiled before as they are for users: unless Python was told to write nothing.
	KEYS=$(KEYS) PYTHONDONTWRITEBYTECODE= $(BIN)/python -m bench $(ARGS)

compat: $(READY_DEV) ## the integration tests against etcd 3.4 to 3.7
	$(BIN)/python tools/compat/compat.py $(ARGS)

schema: $(READY_DEV) ## the schema of Kubernetes' types anew, from Go's own (needs Go)
	$(BIN)/python -m tools.schema $(ARGS)

vectors: $(READY_DEV) ## hold the codec to what Go makes of every kind (needs Go)
	$(BIN)/python -m tools.vectors $(ARGS)

fuzz: $(READY_DEV) ## a million damaged values for the decoder
	$(BIN)/python -m tools.fuzz $(ARGS)

settings: $(READY) ## the table of settings in README.md anew
	$(BIN)/python -m tools.settings

clean: ## remove .venv and what tools leave
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "etcdview needs Python 3.11 or later; name it with PYTHON=." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(READY): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.txt names into $(VENV) (a minute or two, the first time)"
	@$(PIP) install --requirement requirements.txt
	@$(PIP) install --quiet --no-deps --editable .
	@$(BIN)/python -m compileall -q etcdview webapp
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@echo "Installing what requirements-dev.txt names into $(VENV)"
	@$(PIP) install --requirement requirements-dev.txt
	@touch $@
