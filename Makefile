# What a newcomer, a developer and CI call. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The interpreter of the virtualenv; the locks are made for this release.
PYTHON ?= python3.11
# A folder with a bitcoind and bitcoin-cli of your own. By default Debian's are unpacked beside the system.
PAYDAEMON_BITCOIND_DIR ?=
# A folder with a monerod and monero-wallet-rpc of your own. By default Debian's are unpacked beside the system.
PAYDAEMON_MONERO_DIR ?=
# A Chromium of your own, for tests of the pages. By default Debian's is unpacked beside the system.
PAYDAEMON_CHROMIUM ?=
# Where `make screenshots` puts them.
SCREENSHOTS ?= $(or $(TMPDIR),/tmp)/paydaemon-screenshots
# Where `make install` puts things; DESTDIR is put in front of all of it, for packages.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
# More arguments for pytest: make test ARGS='-k relay'
ARGS ?=
# Containers like to forbid Python to keep what it has compiled. Tests start hundreds of processes, each of which
# would compile the workspace anew, and each worker all tests.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Hedera's own SDKs, by which tests pay: each in a place of its own, with what it pins.
SDKS := .sdks
# Socket.IO's own library, in several releases, by which tests are publishers and old clients.
CLIENTS := tests/clients/node_modules
NODE_BIN = $(abspath $(BIN))
# What tests look through pages with, in a browser.
PAGES := tests/pages/node_modules/.stamp
NPM_CI = PATH="$(NODE_BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --silent --prefix
LOCKS := requirements/build.txt requirements/runtime.txt requirements/dev.txt
WORKSPACE := $(patsubst %/pyproject.toml,%,daemon/pyproject.toml $(wildcard plugins/*/pyproject.toml))
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-build-isolation
PIP_WHEEL := $(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-build-isolation --wheel-dir build/wheels
SOURCES := $(shell find daemon plugins -type f -not -path '*/__pycache__/*')
PIP_COMPILE := $(abspath $(BIN))/python -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options $(if $(UPGRADE),--upgrade)
WITH_BITCOIND = dir="$(PAYDAEMON_BITCOIND_DIR)"; dir="$${dir:-$$(tools/get-bitcoind)}"; \
	export PAYDAEMON_BITCOIND_DIR="$$dir";
WITH_MONERO = dir="$(PAYDAEMON_MONERO_DIR)"; dir="$${dir:-$$(tools/get-monero)}"; \
	export PAYDAEMON_MONERO_DIR="$$dir";
# The demo goes on without.
WITH_MONERO_IF_IT_CAN = dir="$(PAYDAEMON_MONERO_DIR)"; dir="$${dir:-$$(tools/get-monero || true)}"; \
	export PAYDAEMON_MONERO_DIR="$$dir";
WITH_CHROMIUM = chromium="$(PAYDAEMON_CHROMIUM)"; chromium="$${chromium:-$$(tools/get-chromium)}"; \
	export PAYDAEMON_CHROMIUM="$$chromium";

.PHONY: help
help: ## this list
	@awk -F ': .*## ' '/^[a-z]+:.* ## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Running it

.PHONY: demo
demo: .venv/.stamp ## all of it with a page to click on, until Ctrl-C; ONCE=1: one payment; JSON=1 PORT=0: for scripts, NO_OPEN=1: no browser
	@$(WITH_BITCOIND) $(WITH_MONERO_IF_IT_CAN) exec $(BIN)/python tools/foreground.py $(BIN)/paydaemon demo \
		$(if $(ONCE),--once) $(if $(JSON),--json) $(if $(PORT),--port "$(PORT)") \
		$(if $(NO_OPEN),--no-open)

.PHONY: bench
bench: .venv/.stamp ## measures
	@$(WITH_BITCOIND) $(WITH_CHROMIUM) $(BIN)/python bench/run.py

# --- Checking it

.PHONY: lint
lint: .venv/.stamp ## ruff, mypy --strict, import-linter; also of what plugins' projects begin with
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/lint-templates
	$(BIN)/lint-imports

.PHONY: test
test: .venv/.stamp $(SDKS)/.stamp $(CLIENTS)/.stamp $(PAGES) ## all tests but the long ones, in parallel
	@$(WITH_BITCOIND) $(WITH_MONERO) $(WITH_CHROMIUM) $(BIN)/pytest --numprocesses $$(($$(nproc) + 1)) --dist worksteal $(ARGS)

.PHONY: soak
soak: .venv/.stamp $(SDKS)/.stamp $(CLIENTS)/.stamp ## the long tests, one at a time, each printing its seed
	@$(WITH_BITCOIND) $(WITH_MONERO) $(BIN)/pytest -m soak --capture no $(ARGS)

.PHONY: screenshots
screenshots: .venv/.stamp $(PAGES) ## every page in every state, both themes, wide and on a phone: in SCREENSHOTS
	@$(WITH_BITCOIND) $(WITH_CHROMIUM) PAYDAEMON_SCREENSHOTS="$(abspath $(SCREENSHOTS))" $(BIN)/pytest $(addprefix tests/pages/test_,states.py wallets.py desk.py demo.py) $(ARGS)

.PHONY: format
format: .venv/.stamp ## rewrites the code as ruff wants it
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# --- Installing it

.PHONY: install
install: build/wheels/.stamp ## the service: a virtualenv, units, configuration, manual; PREFIX, SYSCONFDIR, DESTDIR
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" tools/install-service install "$(PYTHON)"

.PHONY: uninstall
uninstall: ## takes that away again; configuration and state stay
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" tools/install-service uninstall

# What is locked, checked by its hashes, and then the workspace itself.
build/wheels/.stamp: .venv/.stamp requirements/runtime.txt $(SOURCES)
	@echo "Building wheels in build/" >&2
	@rm -rf build/wheels
	@$(PIP_WHEEL) --require-hashes --requirement requirements/runtime.txt >&2
	@$(PIP_WHEEL) --no-deps $(WORKSPACE:%=./%) >&2
	@touch $@

.PHONY: protos
protos: .venv/.stamp ## rewrites what is made from protos/: the code of plugins/hedera, the codes of plugins/socketio
	@$(BIN)/python -m grpc_tools.protoc --proto_path protos --python_out plugins/hedera --pyi_out plugins/hedera \
		protos/paydaemon_hedera/proto/*.proto
	@$(BIN)/python tools/make-codes

.PHONY: manual
manual: .venv/.stamp ## rewrites man/, completion/ and the plugin authors' reference from what the code says
	@$(BIN)/python tools/make-man
	@$(BIN)/python tools/make-reference

.PHONY: catalogues
catalogues: .venv/.stamp ## rewrites and compiles the checkout page's translations from its templates
	@$(BIN)/python tools/make-catalogues

# --- Setting it up. Every word of these goes to stderr: the stdout of `make demo JSON=1` is one line of JSON.

.PHONY: venv
venv: .venv/.stamp ## the virtualenv, with all that is locked and the workspace itself

.PHONY: bitcoind
bitcoind: system ## a real bitcoind, outside the tree; prints its folder
	@tools/get-bitcoind

.PHONY: monero
monero: system ## a real monerod and its wallet's server, outside the tree; prints their folder
	@tools/get-monero

.PHONY: chromium
chromium: ## a real headless Chromium, outside the tree; prints its program
	@tools/get-chromium

.PHONY: system
system:
	@tools/install-system-packages "$(PYTHON)"

# The workspace comes last and alone: pip takes no editable install beside hashes.
.venv/.stamp: .venv/.locked $(WORKSPACE:%=%/pyproject.toml)
	@echo "Installing the workspace: $(WORKSPACE)" >&2
	@$(PIP_INSTALL) --no-deps $(WORKSPACE:%=--editable ./%) >&2
	@touch $@

.venv/.locked: $(LOCKS) | system
	@echo "Setting up, this once: it takes a minute or two" >&2
	@echo "Making .venv with $$($(PYTHON) --version)" >&2
	@$(PYTHON) -m venv --clear .venv >&2
	@echo "Installing what is locked in requirements/" >&2
	@$(PIP_INSTALL) --require-hashes --requirement requirements/build.txt >&2
	@$(PIP_INSTALL) --require-hashes $(LOCKS:%=--requirement %) >&2
	@touch $@

.PHONY: sdks
sdks: $(SDKS)/.stamp ## Hedera's SDKs for Python and JavaScript, for the tests

# npm and node are those of the virtualenv: a machine need not have any.
$(SDKS)/.stamp: requirements/sdks.txt tests/sdks/package-lock.json | .venv/.stamp
	@echo "Installing Hedera's SDKs, this once" >&2
	@$(PYTHON) -m venv --clear $(SDKS)/python >&2
	@$(SDKS)/python/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes \
		--requirement requirements/sdks.txt >&2
	@$(NPM_CI) tests/sdks >&2
	@touch $@

$(PAGES): tests/pages/package-lock.json | .venv/.stamp
	@$(NPM_CI) tests/pages >&2
	@touch $@

.PHONY: clients
clients: $(CLIENTS)/.stamp ## Socket.IO's library in its releases, for the tests

$(CLIENTS)/.stamp: tests/clients/package-lock.json | .venv/.stamp
	@echo "Installing Socket.IO's releases, this once" >&2
	@$(NPM_CI) tests/clients >&2
	@touch $@

.PHONY: lock
lock: .venv/.stamp ## rewrites requirements/*.txt from *.in; UPGRADE=1 takes the newest
	@cd requirements && export CUSTOM_COMPILE_COMMAND="make lock" && for name in build runtime dev sdks; do \
		echo "Locking $$name.in" >&2; $(PIP_COMPILE) --output-file $$name.txt $$name.in; \
	done
	@for folder in tests/sdks tests/clients tests/pages; do \
		PATH="$(NODE_BIN):$$PATH" npm install --prefix $$folder --package-lock-only --ignore-scripts --silent \
			--omit-lockfile-registry-resolved; \
	done

.PHONY: clean
clean: ## removes all that can be made again, the virtualenv too; what was unpacked beside the system stays in its cache
	rm -rf .venv $(SDKS) tests/sdks/node_modules tests/pages/node_modules $(CLIENTS) build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
