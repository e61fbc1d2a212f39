# Commands for work on the template. A generated project has its own Makefile.

PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
ifeq ($(PYTHON),)
$(error Install Python 3.11 or newer; no such Python is on the PATH)
endif

LOCAL := .venv/bin/python
KILLS := 20
REQUESTS := 100000
FILES := 2000
STREAMS := 1000
SEEDS := 3
# As pip does, uv trusts what this machine trusts.
export UV_SYSTEM_CERTS ?= true

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed  ## generate a project in demo/, train it on real flights and ask it, without Docker
	@$(LOCAL) demo.py

test: .venv/installed  ## lint, generation, hooks, the project's own tests, and with Docker the whole stack
	@$(LOCAL) -m ruff check .
	@$(LOCAL) -m ruff format --check --quiet .
	@$(LOCAL) -m pytest -q --numprocesses auto --maxschedchunk 1 --ignore tests/stack
	@$(LOCAL) -m pytest -q tests/stack

bench: .venv/installed  ## measure times, memory and sizes, and write them to bench/results.json
	@$(LOCAL) -m bench

soak: .venv/installed  ## what takes long: FILES=2000 random raw files, STREAMS=1000 without drift, SEEDS=3 of each kind of stream, REQUESTS=100000 beside strangers, KILLS=20, LINES=1000000 of a log
	@FILES=$(FILES) $(LOCAL) -m pytest -q -s tests/soak_files.py
	@STREAMS=$(STREAMS) $(LOCAL) -m pytest -q -s tests/soak_drift.py
	@SOAK=1 REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/test_autoscaler.py tests/stack/soak_releases.py
	@SEEDS=$(SEEDS) $(LOCAL) -m pytest -q -s tests/test_streams.py
	@ERRORS=100 REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/test_bad_input.py
	@REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/soak_chaos.py
	@LINES=$(LINES) REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/soak_logs.py
	@KILLS=$(KILLS) REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/soak_upkeep.py
	@KILLS=$(KILLS) REQUESTS=$(REQUESTS) REQUIRE_STACK=1 $(LOCAL) -m pytest -q -s tests/stack/soak_boards.py tests/stack/soak.py

lock: .venv/installed  ## update the locked packages for work on the template
	@$(LOCAL) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header requirements.in --output-file requirements.txt

.venv/installed: requirements.txt
	@echo "Creating .venv for work on the template ..."
	@$(PYTHON) -m venv --clear .venv
	@$(LOCAL) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(LOCAL) -m uv pip install --quiet --require-hashes --requirement requirements.txt
	@touch $@

.PHONY: help demo test bench soak lock
