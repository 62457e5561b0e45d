# make demo | test | lint | types | clean
# The first of them makes .venv with Python 3.11 and installs the versions pinned in constraints.txt: for demo what
# scoring and review need, for the others also what training, tests and checks need.

PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
# Further options for pip, such as another package index; see the Dockerfile.
PIP_OPTIONS ?=
BIN := .venv/bin
INSTALLED := .venv/installed
DEVELOPED := .venv/developed
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check $(PIP_OPTIONS) --constraint constraints.txt

.PHONY: demo test lint types clean
.DEFAULT_GOAL := demo

demo: $(INSTALLED)
	$(BIN)/smearscope demo

test: $(DEVELOPED)
	$(BIN)/pytest --numprocesses 2 --dist loadfile --durations 15

lint: $(DEVELOPED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEVELOPED)
	$(BIN)/mypy

clean:
	rm -rf .venv build out/demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Again whenever the dependencies change. The stamp comes last: a set-up that broke off is done again.
$(INSTALLED): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Smearscope needs Python 3.11 with its venv module: neither python3.11 nor python3 is that." >&2; \
	  echo "Install it (on Debian and Ubuntu: python3.11 and python3.11-venv), or name it: make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; fi
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	touch $@

$(DEVELOPED): $(INSTALLED)
	$(INSTALL) --editable '.[dev]'
	touch $@
