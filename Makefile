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
LOWEST := .venv-lowest
# What `make lowest` runs: all that is quick, a server that starts, and a store on a real etcd.
CORE := tests/unit tests/integration/test_serve.py tests/integration/test_store_reads.py
# Not of the core: what examines the repository or the pins of .venv, needs tools of other targets, or is slow.
APART := bench tools test_architecture.py test_layers.py test_requirements.py test_skips.py config/test_documented.py \
	codec/test_bombs.py index/test_packed.py webapp/test_compiled.py webapp/test_late.py webapp/test_one_listing.py \
	webapp/test_openapi.py webapp/test_api_reference.py

.PHONY: help venv dev demo test lint lowest coverage format bench compat conformance schema vectors tables served fuzz endure settings package documents image zipapp release clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(READY) ## .venv with etcdview in it (.venv/bin/etcdview), and nothing else

dev: $(READY_DEV) ## .venv with what tests and linters need as well

demo: $(READY) ## a three-member cluster with real data, served at http://127.0.0.1:8000/ (PORT= moves it)
	@exec $(BIN)/etcdview demo --port $(PORT)

test: $(READY_DEV) ## all tests, against a real etcd and a real browser (ARGS= for pytest)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

lint: $(READY_DEV) ## ruff, mypy --strict, djlint, bandit, banned phrases, pip-audit
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	@# B608 is ruff's S608, which knows that the queries over facts are put together of constants.
	$(BIN)/bandit --quiet --recursive etcdview webapp wsgi.py --severity-level medium --skip B608
	$(BIN)/python -m tools.words
	$(BIN)/python -m tools.audit

lowest: $(LOWEST)/.installed ## the core of the tests with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest -q $(PARALLEL) $(CORE) $(APART:%=--ignore tests/unit/%) $(ARGS)

coverage: $(READY_DEV) ## which lines and branches the unit tests run, by room and by module (ARGS= for pytest)
	@rm -rf .coverage && mkdir .coverage
	$(BIN)/python -m coverage run -m pytest -q $(PARALLEL) tests/unit $(ARGS) || { touch .coverage/failed; }
	@$(BIN)/python -m coverage combine --quiet && $(BIN)/python -m coverage json --quiet -o .coverage/report.json
	@$(BIN)/python -m tools.coverage .coverage/report.json
	@test ! -e .coverage/failed || { echo "Some tests failed: see above." >&2; exit 1; }

format: $(READY_DEV) ## write the code as the linters want it
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(READY_DEV) ## what it costs, beside etcdctl, at 1,000,000 keys (KEYS= for fewer)
	$(BIN)/python -m compileall -q etcdview webapp
	@# Templates, too, are compiled before as they are for users: unless Python was told to write nothing.
	KEYS=$(KEYS) PYTHONDONTWRITEBYTECODE= $(BIN)/python -m bench $(ARGS)

compat: $(READY_DEV) ## the integration tests against etcd 3.4 to 3.7, and those of kine against kine
	$(BIN)/python tools/compat/compat.py $(ARGS)

conformance: $(READY_DEV) ## etcdview's Kubernetes API beside kube-apiserver, asked by kubectl and client-go (needs Go)
	$(BIN)/python -m tools.conformance $(ARGS)
	@# What API servers write when they start, of the releases that are built; without --built of all, which takes hours.
	@test -n "$(ARGS)" || $(BIN)/python -m tools.bootstrap --built

.PHONY: kubectl
kubectl: $(READY_DEV) ## the part of it that the kubectl on PATH can show
	$(BIN)/python -m pytest -q -m kubectl tests/integration/test_kubectl.py $(ARGS)

.PHONY: behind
behind: $(READY_DEV) ## the browser tests below a path of an nginx with TLS, as docs/deploy/nginx.conf has it (needs nginx)
	ETCDVIEW_BEHIND=1 $(BIN)/python -m pytest -q -m "long or not long" $(PARALLEL) tests/web $(ARGS)

package: $(READY_DEV) ## the wheel, installed into bare environments of Python 3.11, 3.12 and 3.13, where it must serve
	$(BIN)/python -m pytest -q -m "long or not long" tests/integration/test_wheel.py $(ARGS)

.PHONY: deployed
DEPLOYED := systemd_filters reverse_proxies rolling_restart ending serve
deployed: $(READY_DEV) ## the server under the filters of the systemd unit, behind nginx and Apache, restarted and ended under load
	$(BIN)/python -m pytest -q -m "long or not long" $(DEPLOYED:%=tests/integration/test_%.py) $(ARGS)

documents: $(READY_DEV) ## every command of README and docs/, typed as it stands against a real etcd
	$(BIN)/python -m pytest -q -m "long or not long" tests/integration/test_documents.py $(ARGS)

image: $(READY_DEV) ## docs/deploy/Dockerfile built by buildah or in a chroot, and what it makes, started (needs root and debootstrap)
	$(BIN)/python -m tools.image $(ARGS)

zipapp: $(READY_DEV) ## dist/etcdview.pyz: one file that needs a Python 3.11, 3.12 or 3.13 and nothing else
	$(BIN)/python -m tools.release --only-zipapp

release: $(READY_DEV) ## dist/ with sdist, wheel, zipapp, man page, SBOM and their sums
	$(BIN)/python -m tools.release

schema: $(READY_DEV) ## the schema of Kubernetes' types anew, from Go's own (needs Go)
	$(BIN)/python -m tools.schema $(ARGS)

vectors: $(READY_DEV) ## hold the codec to what Go makes of every kind (needs Go)
	$(BIN)/python -m tools.vectors $(ARGS)

tables: $(READY_DEV) ## hold kubectl's columns and cells to what API servers of each release print (needs Go)
	$(BIN)/python -m tools.tables $(ARGS)

served: $(READY_DEV) ## hold --as-served to what API servers of each release make of stored objects (needs Go)
	$(BIN)/python -m tools.served $(ARGS)

fuzz: $(READY_DEV) ## a million damaged values for the decoder, ten thousand damaged files for who reads one
	$(BIN)/python -m tools.fuzz $(ARGS)

endure: $(READY_DEV) ## members die and certificates change each minute, under load; a table of what held (MINUTES=60, or HOURS=)
	MINUTES=$(MINUTES) HOURS=$(HOURS) $(BIN)/python -m tools.endure $(ARGS)

settings: $(READY) ## the table of settings in README.md anew
	$(BIN)/python -m tools.settings

clean: ## remove .venv and what tools leave
	rm -rf $(VENV) $(LOWEST) build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

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

$(LOWEST)/.installed: tools/lowest.py pyproject.toml requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "etcdview needs Python 3.11 or later; name it with PYTHON=." >&2; exit 1; }
	@echo "Installing the lowest versions that pyproject.toml allows into $(LOWEST)"
	@rm -rf $(LOWEST) && $(PYTHON) -m venv $(LOWEST)
	@$(LOWEST)/bin/python -m tools.lowest $(LOWEST)
	@$(LOWEST)/bin/python -m pip --disable-pip-version-check install --quiet --requirement $(LOWEST)/lowest.txt \
		--constraint $(LOWEST)/constraints.txt
	@touch $@
