# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
# Trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS ?= true
BIN := $(VENV)/bin
ARGS ?=

# What the browser gets is built from web/ by Node; without Node the product runs without a dashboard.
NODE := $(shell command -v npm 2>/dev/null)
DASHBOARD := src/firstframe/dashboard/index.html
COLLECTOR := src/firstframe/collector_js/collector.js
source_of = $(shell find web/$(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: run test check fix e2e e2e-quiet faults lock docs wheel web clean help

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(BIN)/.installed $(if $(NODE),web) ## install and start the product on the embedded engine (data in ./data)
	$(BIN)/firstframe serve --data data $(ARGS)

test: $(BIN)/.installed-dev tools web ## install what tests need, then every check and every test
	$(MAKE) static web-check
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder --durations 15 $(ARGS)

check: $(BIN)/.installed-dev web ## the quick part: format, lint, types, layers, docs, fast tests
	$(MAKE) static
	$(BIN)/python -m pytest -q -n 2 --dist loadscope -m "not e2e and not faults and not slow" $(ARGS)

.PHONY: static tools
static: $(BIN)/.installed-dev
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/docs.py --check

fix: $(BIN)/.installed-dev ## format, and fix what can be fixed automatically
	$(BIN)/ruff format src tests benchmarks scripts
	$(BIN)/ruff check --fix src tests benchmarks scripts

e2e: $(BIN)/.installed-dev tools web ## only the real SDKs in a real browser
	$(BIN)/python -m pytest -m "e2e and not quiet" $(ARGS)

e2e-quiet: $(BIN)/.installed-dev tools web ## our own browser SDK against its bounds of 50 ms, on a machine with nothing else to do
	$(BIN)/python -m pytest -m quiet $(ARGS)

faults: $(BIN)/.installed-dev ## every attack of docs/guarantees.md at full size (an hour); `make test` makes them small
	FAULTS=full $(BIN)/python -m pytest -m faults $(ARGS)

.PHONY: laws
laws: $(BIN)/.installed-dev ## the laws that hold for any traffic, on random cases (LAWS=50 times the usual number)
	LAWS=$(or $(LAWS),50) $(BIN)/python -m pytest -n 2 tests/properties $(ARGS)

.PHONY: bench bench-quick
BENCHES := ingest running queries dashboard
bench: $(BIN)/.installed-dev web ## measure: each figure beside a baseline of the same run, into benchmarks/results/ (half an hour)
	sh scripts/install-tools.sh chromium wrk postgresql
	$(BIN)/uv pip install -q --python $(BIN)/python --group bench
	set -e; for each in $(BENCHES); do $(BIN)/python benchmarks/$$each.py $(ARGS); done

bench-quick: ## the same in a few minutes, too short to be quoted
	$(MAKE) bench ARGS=--quick

docs: $(BIN)/.installed-dev ## write the generated pages of docs/
	$(BIN)/python scripts/docs.py

lock: $(BIN)/.installed-dev ## resolve the dependencies anew into the two hashed lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml --group dev -o requirements-dev.lock

.PHONY: audit
audit: $(BIN)/.installed-dev ## ask the registries about known vulnerabilities of everything that is installed
	$(BIN)/python scripts/audit.py

web: $(DASHBOARD) $(COLLECTOR) ## build the dashboard and the browser collector

$(DASHBOARD): $(call source_of,dashboard)
	cd web/dashboard && npm ci --silent && npm run --silent build
	touch $@

$(COLLECTOR): $(call source_of,collector)
	cd web/collector && npm ci --silent && npm run --silent build
	touch $@

.PHONY: web-check
web-check: web
	cd web/dashboard && npm run --silent check
	cd web/collector && npm run --silent check

wheel: $(BIN)/.installed-dev web ## build the wheel into dist/
	$(BIN)/uv build --wheel

clean: ## remove what was installed and built, but no data
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache src/firstframe/dashboard src/firstframe/collector_js

tools:
	sh scripts/install-tools.sh chromium ffmpeg nginx openssl

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "firstframe needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv

$(BIN)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	touch $@

$(BIN)/.installed-dev: requirements-dev.lock $(BIN)/.installed
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@
