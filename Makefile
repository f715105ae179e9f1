# Two commands for everybody, each of which does all of its own set-up: "make run" and "make test".

PYTHON ?= python3
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check all clean

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

all: test check

clean:
	rm -rf $(VENV) tests/js/node_modules build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

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

tests/js/node_modules: tests/js/package.json
	if command -v npm > /dev/null; then cd tests/js && npm install --no-audit --no-fund --no-package-lock; fi
	if [ -d $@ ]; then touch $@; fi
