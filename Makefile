# The commands of this project; CONTRIBUTING.md says when to use which.
#
#   make run     the demo on http://127.0.0.1:8000 (PORT=8001 for another port, DEMO_PASSWORD=… for your own password)
#   make test    every test, in a browser too
#   make lint    ruff, mypy, import-linter, djlint
#   make bench   what a page costs, against comparators from the same run
#   make locks   the locked requirements install, with the oldest pip and with the newest
#   make lock    requirements*.in -> requirements*.txt, with hashes

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --quiet
SOURCES := dashboard registries tests manage.py

# What is installed is what the locks name, and nothing is built with a tool that they don't name.
INSTALL := $(PIP) install --no-deps --require-hashes
WHEELS := $(INSTALL) --only-binary :all:
SDISTS = $(shell sed -n '/^[a-z]/p' requirements-sdist.in)

# Branches, in percent: what faces other people's answers, rights and secrets is covered wholly, the rest never less
# than it was.
COVERED_WHOLLY := registries/outbound/*,registries/rancher/*,registries/oci/*,registries/images/*,registries/access.py,dashboard/crypto.py
COVERED := 97

.PHONY: run test lint bench locks lock
.SILENT:

run: $(VENV)/.runtime
	exec $(PYTHON) -m dashboard.demo

test: $(VENV)/.development
	$(PYTHON) -m tests.debian
	$(PYTHON) -m pytest -n 2 --cov --cov-report=
	$(VENV)/bin/coverage report --fail-under=$(COVERED)
	$(VENV)/bin/coverage report --fail-under=100 --include='$(COVERED_WHOLLY)'
	$(PYTHON) -m tests.postgresql -n 2 -m "not browser" tests/registries tests/people

lint: $(VENV)/.development
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/mypy $(SOURCES)
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --lint --quiet

bench: $(VENV)/.development
	$(PYTHON) -m tests.bench

# Both locks with the oldest and with the newest pip, in environments of their own.
locks: $(VENV)/.runtime
	$(PYTHON) -m tests.locks

COMPILE := uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --quiet

lock:
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-sdist.in --output-file requirements-sdist.txt --no-deps
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt $(SDISTS:%=--no-emit-package=%)

# Stamps: a second start installs nothing.
$(VENV)/.development: $(VENV)/.runtime requirements-dev.txt requirements-sdist.txt
	echo "Installing what the tests need (once) ..."
	$(WHEELS) -r requirements-dev.txt
	$(INSTALL) --no-build-isolation --use-pep517 -r requirements-sdist.txt
	touch $@

$(VENV)/.runtime: requirements.txt
	if ! $(PYTHON) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Corral needs Python 3.11 or newer and finds none on the PATH: install it (Debian 12, Ubuntu 24.04: apt install python3), then run make again." >&2; exit 1; \
	  fi; \
	  if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found has no venv module: install it (Debian, Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$found --version) ..."; \
	  $$found -m venv --clear $(VENV) || exit 1; \
	fi
	echo "Installing the requirements (once) ..."
	$(WHEELS) -r requirements.txt
	touch $@
