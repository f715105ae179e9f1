# Two commands for everybody, each of which does all of its own set-up: "make run" and "make test".

PYTHON ?= python3
PORT ?= 8080
SECONDS ?= 60
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin

.PHONY: run test check conformance fuzz benchmark all clean

# The chat, on http://localhost:$(PORT)
run: $(VENV)/run
	PORT=$(PORT) $(BIN)/twistd -n --pidfile= --python examples/chat/server.py

# All tests, with their coverage
test: $(VENV)/test tests/js/node_modules
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report

# What needs no run: style, types
check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy ratchet_tx

# All of the Autobahn test suite, for some minutes, and docs/conformance.rst from it
conformance: $(VENV)/test
	$(BIN)/python -m tests.conformance.suite

# The envelope, fed with what finds new ways through the code, for so many seconds
fuzz: $(VENV)/fuzz
	$(BIN)/python tests/fuzz/payload.py -max_total_time=$(SECONDS) -timeout=10 -len_control=0 -max_len=200

# Ours beside Node's ws and Socket.IO and picows, in turn; ARGS is for "python -m benchmarks", such as ARGS="--work echo"
benchmark: $(BENCH)/bench benchmarks/servers/node_modules
	$(BENCH)/bin/python -m benchmarks $(ARGS)

all: test check

clean:
	rm -rf $(VENV) $(BENCH) tests/js/node_modules benchmarks/servers/node_modules build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	.ci/packages $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/run: $(VENV)/bin/python setup.py
	$(BIN)/pip install --quiet --editable ".[templates]"
	touch $@

$(VENV)/test: $(VENV)/bin/python setup.py
	.ci/packages chromium node npm
	$(BIN)/pip install --quiet --editable ".[test,dev]"
	touch $@

$(VENV)/fuzz: $(VENV)/test
	$(BIN)/pip install --quiet --editable ".[fuzz]"
	touch $@

# An environment of their own: what the tests bring along would slow Autobahn down, and with it us.
$(BENCH)/bench: setup.py
	.ci/packages $(PYTHON) node npm
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --upgrade pip
	$(BENCH)/bin/pip install --quiet --editable ".[bench]"
	touch $@

benchmarks/servers/node_modules: benchmarks/servers/package.json
	cd benchmarks/servers && npm install --no-audit --no-fund --no-package-lock
	touch $@

tests/js/node_modules: tests/js/package.json
	if command -v npm > /dev/null; then cd tests/js && npm install --no-audit --no-fund --no-package-lock; fi
	if [ -d $@ ]; then touch $@; fi
