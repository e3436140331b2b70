# make run    build, make a demo certificate database, serve https://localhost:8443/
# make test   build, run every test            make lint   format, types, generated pages
# make build  build/mod_nss.so                 make help   everything else
#
# Each step leaves a stamp; a second `make` does nothing. Variables:
#   PORT=8443       where `make run` listens
#   TESTS=tests     what `make test` runs; PYTEST_ARGS= for pytest's own options
#   FUZZ_TIME=600   seconds of `make fuzz`

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT        ?= 8443
TESTS       ?= tests
PYTEST_ARGS ?= -n 2
FUZZ_TIME   ?= 600
# The system's Python first: it is the one with a shared libpython, and httpd's user can read it.
PYTHON3     ?= $(firstword $(wildcard /usr/bin/python3 /usr/libexec/platform-python) python3)

VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install -qq --disable-pip-version-check
STAMPS := build/.stamps

SHIM_SOURCES    := $(wildcard cext/*.c cext/*.h cext/*.py cext/decl/*.h) setup.py nsspy/conf/directives.py nsspy/tls/suites.py \
                   $(wildcard nsspy/errors/*.py tools/generate.py)
BINDING_SOURCES := $(wildcard cext/*.py cext/decl/*.h) setup.py

.PHONY: help build asan run test lint bench fuzz docs clean

help:
	@sed -n 's/^# \{0,1\}//;1,9p' Makefile
	@echo "make asan   the same with AddressSanitizer and UBSan, under build/asan (make test ASAN=1 uses it)"
	@echo "make bench  server CPU time beside mod_ssl   make fuzz   the fuzzers for FUZZ_TIME seconds"
	@echo "make docs   generated pages                  make clean  all that was built, the demo included"

$(STAMPS)/system: tools/install-deps
	@tools/install-deps
	@mkdir -p $(@D) && touch $@

$(VENV)/.ready: pyproject.toml $(STAMPS)/system
	@echo "==> Python environment in $(VENV), made by $(PYTHON3)"
	@test -x $(PY) || $(PYTHON3) -m venv $(VENV)
	@$(PIP) 'setuptools>=68' wheel 'cffi>=1.16,<3'
	@touch $@

$(STAMPS)/binding: $(BINDING_SOURCES) $(VENV)/.ready
	@echo "==> nsspy and its NSS binding"
	@$(PIP) --no-build-isolation --config-settings editable_mode=compat -e '.[dev]'
	@mkdir -p $(@D) && touch $@

build/mod_nss.so: $(SHIM_SOURCES) $(STAMPS)/binding
	@echo "==> build/mod_nss.so"
	@$(PY) cext/build_shim.py
	@touch $@

build: build/mod_nss.so

build/asan/mod_nss.so: $(SHIM_SOURCES) $(STAMPS)/binding
	@echo "==> build/asan/mod_nss.so"
	@$(PY) cext/build_shim.py --asan
	@touch $@

asan: build/asan/mod_nss.so

run: build
	@exec $(PY) -m tools.demo --port $(PORT)

# ASAN=1 loads the sanitizer build into every server of the tests.
test: build $(if $(ASAN),asan)
	@$(PY) tools/newer_nss.py
	@$(if $(ASAN),NSS_TEST_ASAN=1) $(PY) -m pytest $(PYTEST_ARGS) $(TESTS)

lint: build
	@$(PY) -m ruff format --check nsspy cext tests tools setup.py
	@$(PY) -m ruff check nsspy cext tests tools setup.py
	@$(PY) -m mypy --strict nsspy
	@$(PY) tools/generate.py --check

docs: build
	@$(PY) tools/generate.py --docs

bench: build
	@$(PY) -m tools.bench $(BENCH_ARGS)

fuzz: build
	@$(PY) -m tests.fuzz.run --seconds $(FUZZ_TIME) --coverage

clean:
	rm -rf build run $(VENV)/.ready nsspy/_nss*.so nsspy/_nss.c *.egg-info .pytest_cache .mypy_cache .ruff_cache
