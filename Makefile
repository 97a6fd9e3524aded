# What a developer and CI do, by name. Needs make and Python 3.11 or later; no root, no uv.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
BUILD := build

SERVICES := ingest enrich store gateway
MEMBERS := $(SERVICES) cli
FOLDERS := shared $(SERVICES:%=services/%) cli

# Errors only: hashes decide what is installed, warnings about metadata change nothing.
QUIET := --quiet --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

# --- Install -------------------------------------------------------------------------------------

.PHONY: install
install: $(VENV)/.installed ## Make .venv: every pinned dependency, and the members, editable

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'newsmill needs Python 3.11 or later: make PYTHON=/path/to/python' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo '$(PYTHON) cannot make a venv: on Debian, install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/all.txt $(FOLDERS:%=%/pyproject.toml) | $(BIN)/python
	@echo 'installing into $(VENV); this takes about half a minute'
	@$(BIN)/pip install $(QUIET) --require-hashes --requirement requirements/all.txt
	@$(BIN)/pip install $(QUIET) --no-deps --no-build-isolation $(FOLDERS:%=--editable ./%)
	@$(BIN)/python -m compileall -q $(FOLDERS:%=%/src)
	@touch $@

# --- Run -----------------------------------------------------------------------------------------

.PHONY: demo
demo: install ## Start everything on embedded engines and mill the demo site (ARGS=--exit ends it)
	@$(BIN)/newsmill demo $(ARGS)

# --- Test ----------------------------------------------------------------------------------------

# Most of the time goes into waiting: two at a time, each process with engines of its own.
AT_ONCE ?= --numprocesses=2 --dist=worksteal

.PHONY: test
test: install ## Run every test, on real engines (ARGS='-k words' chooses)
	$(BIN)/pytest $(AT_ONCE) $(ARGS)

.PHONY: test-unit
test-unit: install ## Run the tests that open no socket
	$(BIN)/pytest tests/unit tests/contract $(ARGS)

.PHONY: test-integration
test-integration: install ## Run the integration tests (NEWSMILL_ENGINES=path: on installed engines)
	$(BIN)/pytest tests/integration $(AT_ONCE) $(ARGS)

# What needs a browser is no part of `make test`: Debian's chromium, or NEWSMILL_CHROMIUM=path.
.PHONY: test-browser
test-browser: install ## Use the dashboard in Chromium, on a running system
	NEWSMILL_BROWSER_TEST=yes $(BIN)/pytest tests/browser --timeout=300 $(ARGS)

# --- Break ---------------------------------------------------------------------------------------

SEEDS ?= 1
PAGES ?= 1500
TIMES ?= 20
MINUTES ?= 30

# Each seed leaves a file in build/chaos and is not run again while that is there.
.PHONY: chaos
chaos: install ## Break a running system by SEEDS="1 2 3" over PAGES=1500, and count what is lost
	$(BIN)/python -m tests.chaos --seeds $(SEEDS) --pages $(PAGES) $(ARGS)

.PHONY: chaos-report
chaos-report: install ## Show all results of `make chaos` as one table
	@$(BIN)/python -m tests.chaos.report $(BUILD)/chaos

.PHONY: flaky
flaky: install ## Run the tests of single faults TIMES=20 times, until one fails
	for time in $$(seq $(TIMES)); do $(BIN)/pytest tests/e2e --quiet $(ARGS) || exit 1; done

.PHONY: soak
soak: install ## Load a system steadily for MINUTES=30, and show memory and latencies
	$(BIN)/python -m tests.chaos.soak --minutes $(MINUTES) $(ARGS)

# --- Deploy --------------------------------------------------------------------------------------

# What needs Docker, and takes minutes, is no part of `make test`.
.PHONY: compose-test
compose-test: install ## Deploy with Docker, break things, and see that nothing is lost
	NEWSMILL_COMPOSE_TEST=yes $(BIN)/pytest tests/compose --timeout=900 $(ARGS)

.PHONY: image-test
image-test: ## Run each service's unit tests inside its image
	deploy/image-test $(SERVICES)

.PHONY: conformance
conformance: install ## Hold URLs, robots, encodings, feeds and more against their suites
	@$(BIN)/python -m benchmarks.quality.conformance $(ARGS)

# --- Check ---------------------------------------------------------------------------------------

.PHONY: check
check: check-format check-lint check-types check-imports check-licences ## Run every static check

.PHONY: check-format
check-format: install
	$(BIN)/ruff format --check .

.PHONY: check-lint
check-lint: install
	$(BIN)/ruff check .

.PHONY: check-types
check-types: install
	$(BIN)/mypy

.PHONY: check-imports
check-imports: install
	$(BIN)/lint-imports

.PHONY: check-licences
check-licences: install
	$(BIN)/python scripts/check_licences.py

# A member that imports what it does not declare works in .venv and fails in its own image. So each
# is built, installed beside nothing but its own pins, and imported module by module.
.PHONY: check-members
check-members: $(MEMBERS:%=check-member-%) ## Import all of each member in a venv of its own

check-member-%: $(BUILD)/venvs/%/.installed wheels
	@$(BIN)/pip --python $(<D)/bin/python install $(QUIET) --force-reinstall --no-deps --no-index \
		$(BUILD)/wheels/newsmill_shared-*.whl $(BUILD)/wheels/newsmill_$*-*.whl
	@$(<D)/bin/python -I scripts/import_all.py newsmill_shared newsmill_$*

.PRECIOUS: $(BUILD)/venvs/%/.installed
$(BUILD)/venvs/%/.installed: requirements/%.txt $(VENV)/.installed
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	@$(BIN)/pip --python $(@D)/bin/python install $(QUIET) --no-compile \
		--require-hashes --requirement $<
	@touch $@

.PHONY: wheels
wheels: install ## Build a wheel of each member into build/wheels
	@rm -rf $(BUILD)/wheels
	@$(BIN)/pip wheel $(QUIET) --no-deps --no-build-isolation \
		--wheel-dir $(BUILD)/wheels $(FOLDERS:%=./%)

# --- Write ---------------------------------------------------------------------------------------

.PHONY: format
format: install ## Format the code, and mend what the linter can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: schemas
schemas: install ## Write the JSON Schema of each message, and examples
	$(BIN)/python scripts/write_schemas.py
	$(BIN)/python scripts/write_messages.py

.PHONY: messages
messages: install ## Keep examples of the messages of a release: VERSION=0.2.0
	$(BIN)/python scripts/write_messages.py $(VERSION)

.PHONY: settings
settings: install ## Write the page of settings, .env.example and the list of their names
	$(BIN)/python scripts/write_settings.py

# $(call pin,name,what): pin what members (./folder) or tools need in requirements/name.txt. all.txt
# comes first and holds the others to its versions.
pin = printf '%s\n' $(2) | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make requirements' \
	$(patsubst %,--no-emit-package newsmill-%,shared $(MEMBERS)) \
	$(if $(filter all,$(1)),requirements/dev.in $(ARGS),--no-annotate -c requirements/all.txt) \
	--output-file requirements/$(1).txt -

.PHONY: requirements
requirements: install ## Pin the dependencies anew (ARGS=--upgrade takes newer releases)
	@$(call pin,all,$(FOLDERS:%=./%)[embedded])
	@$(call pin,embedded,$(FOLDERS:%=./%)[embedded])
	@$(foreach service,$(SERVICES),$(call pin,$(service),./shared ./services/$(service)) &&) true
	@$(call pin,cli,./shared ./cli)
	@$(call pin,build,hatchling)
	@$(call pin,test,hypothesis pytest pytest-timeout typer)

# --- Clean ---------------------------------------------------------------------------------------

.PHONY: clean
clean: ## Remove what was built, and caches; .venv stays
	rm -rf $(BUILD) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(FOLDERS) tests scripts -name __pycache__ -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## Remove .venv too
	rm -rf $(VENV)
