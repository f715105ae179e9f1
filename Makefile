# Two commands for everybody, each of which does all of its own set-up: "make run" and "make test".

PYTHON ?= python3
PORT ?= 8080
SECONDS ?= 60
VENV := .venv
BENCH := .venv-bench
OLDEST := .venv-oldest
BIN := $(VENV)/bin

# What the tests run beside Python: browsers, clients, proxies.
PROGRAMS := apache2 caddy chromium curl firefox-esr haproxy nginx node npm openssl

# Protocol and TLS: the tests of our code that calls Twisted, Autobahn, OpenSSL, msgspec, PyJWT and Jinja2, alone and as whole
# servers that others' clients talk with. What is about processes, browsers or proxies runs with the newest versions only.
MEETING_OTHERS := tests/transport tests/web tests/backplane/test_messages.py $(addprefix tests/login/test_,cred.py jwt.py) \
	$(addprefix tests/server/test_,endpoints.py proxyline.py tls.py tlsport.py) $(addprefix tests/wire/test_,encoding.py payload.py) \
	$(addprefix tests/whole/test_,bare.py journey.py vectors.py) $(addprefix tests/whole/real/test_,curl.py node_clients.py python_clients.py)

.PHONY: run test client test-long test-oldest docs-clients docs-architecture check conformance fuzz all clean
.PHONY: benchmark benchmark-all benchmark-growth benchmark-soak benchmark-hostile benchmark-docs benchmark-smoke

# The chat, on http://localhost:$(PORT)
run: $(VENV)/run
	PORT=$(PORT) $(BIN)/twistd -n --pidfile= --python examples/chat/server.py

# All tests, with their coverage
test: $(VENV)/test client/node_modules
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report

# What takes a night: the properties with other examples each time, and twenty times as many (see tests/kit/examples.py), the
# envelope's fuzzing for ten minutes, all of the Autobahn test suite, and each attack for ten minutes.
test-long: $(VENV)/test client/node_modules
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=long
	$(MAKE) fuzz SECONDS=600
	$(MAKE) conformance
	$(MAKE) benchmark-hostile ARGS=--long

# What meets others' code, with the oldest versions that setup.py admits
test-oldest: $(OLDEST)/test client/node_modules
	$(OLDEST)/bin/python -m pytest $(MEETING_OTHERS)

# docs/clients.rst, from a run of what is made by others
docs-clients: $(VENV)/test client/node_modules
	$(BIN)/python -m pytest tests/whole/real
	$(BIN)/python -m tests.whole.real.table

# docs/architecture.svg, from the imports
docs-architecture: $(VENV)/test
	$(BIN)/python -m docs.architecture

# The browser client that is served, of the sources in client/src
client:
	.ci/packages node
	node client/build.mjs

# What needs no run: style, types
check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy ratchet_tx

# All of the Autobahn test suite, for some minutes, and docs/conformance.rst from it
conformance: $(VENV)/test
	$(BIN)/python -m tests.whole.conformance.suite

# The envelope, fed with what finds new ways through the code, for so many seconds
fuzz: $(VENV)/fuzz
	$(BIN)/python tests/whole/fuzz/payload.py -max_total_time=$(SECONDS) -timeout=10 -len_control=0 -max_len=200

# Ours beside Node's ws and Socket.IO and picows, in turn; ARGS are further words, such as ARGS="--work echo --rounds 5"
benchmark: $(BENCH)/bench benchmarks/servers/node_modules
	$(BENCH)/bin/python -m benchmarks $(ARGS)

# The same beside all others, too
benchmark-all: $(BENCH)/bench $(BENCH)-asgi/bench benchmarks/servers/node_modules
	$(BENCH)/bin/python -m benchmarks --servers all $(ARGS)

# Ours alone: what an event costs, the more are connected
benchmark-growth: $(BENCH)/bench
	$(BENCH)/bin/python -m benchmarks.growth $(ARGS)

# Ours alone: a thousand peers for SECONDS, 300 by default
benchmark-soak: SECONDS = 300
benchmark-soak: $(BENCH)/bench
	$(BENCH)/bin/python -m benchmarks.soak --seconds $(SECONDS) $(ARGS)

# Ours alone, attacked in each way for a minute; ARGS="--attacks forms,wildcard" chooses, ARGS=--long is ten minutes each
benchmark-hostile: $(BENCH)/bench
	$(BENCH)/bin/python -m benchmarks.hostile $(ARGS)

# All of that, and docs/benchmarks.rst from it: more than an hour, on a machine that does nothing else
benchmark-docs:
	$(MAKE) benchmark-all ARGS="--docs --rounds 5"
	$(MAKE) benchmark-growth ARGS=--docs
	$(MAKE) benchmark-soak ARGS=--docs
	$(MAKE) benchmark-hostile ARGS=--docs

# A work of each kind, by ours, with a handful of peers: not to measure anything, but to see that it can be done
benchmark-smoke: $(BENCH)/bench
	$(BENCH)/bin/python -m benchmarks --servers ratchet --work echo-16,room,shouts,connect,idle,flood \
		--rounds 1 --seconds 0.1 --scale 0.02
	$(BENCH)/bin/python -m benchmarks.soak --seconds 2 --scale 0.02
	$(BENCH)/bin/python -m benchmarks.hostile --seconds 1 --scale 0.05 \
		--attacks nothing,forms,tls-no-head,recover,queue,wildcard,logins,names

all: test check

clean:
	rm -rf $(VENV) $(OLDEST) $(BENCH) $(BENCH)-asgi client/node_modules benchmarks/servers/node_modules build *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	.ci/packages $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/run: $(VENV)/bin/python setup.py
	$(BIN)/pip install --quiet --editable ".[templates]"
	touch $@

$(VENV)/test: $(VENV)/bin/python setup.py
	.ci/packages $(PROGRAMS)
	$(BIN)/pip install --quiet --editable ".[test,dev]"
	touch $@

$(OLDEST)/test: $(VENV)/test
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/pip install --quiet --upgrade pip
	$(BIN)/python -m tests.kit.oldest > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/pip install --quiet --constraint $(OLDEST)/constraints.txt --editable ".[test,tls,jwt,templates]"
	touch $@

$(VENV)/fuzz: $(VENV)/test
	$(BIN)/pip install --quiet --editable ".[fuzz]"
	touch $@

# Environments of their own, with nothing in them that would slow a server down.
$(BENCH)/bench: setup.py benchmarks/servers/requirements.txt
	.ci/packages $(PYTHON)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --upgrade pip
	$(BENCH)/bin/pip install --quiet --editable ".[bench]" --requirement benchmarks/servers/requirements.txt
	touch $@

$(BENCH)-asgi/bench: benchmarks/servers/requirements-asgi.txt
	.ci/packages $(PYTHON)
	$(PYTHON) -m venv $(BENCH)-asgi
	$(BENCH)-asgi/bin/pip install --quiet --upgrade pip
	$(BENCH)-asgi/bin/pip install --quiet --requirement benchmarks/servers/requirements-asgi.txt
	touch $@

benchmarks/servers/node_modules: benchmarks/servers/package.json
	.ci/packages node npm
	cd benchmarks/servers && npm install --no-audit --no-fund --no-package-lock
	touch $@

client/node_modules: client/package.json
	if command -v npm > /dev/null; then cd client && npm install --no-audit --no-fund --no-package-lock; fi
	if [ -d $@ ]; then touch $@; fi
