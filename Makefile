# Two commands do everything on a machine with Python 3.11 and pip:  make demo   and   make test
VENV    := .venv
PYTHON  ?= $(shell command -v python3.11 || command -v python3)
BIN     := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test fast gates clean help

help:            ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.installed   ## compare seven ways of adapting a model on the example workspace
	$(BIN)/tailor compare examples/slippers-studio

test: $(VENV)/.installed-dev   ## every test
	$(BIN)/python -m pytest

fast: $(VENV)/.installed-dev   ## the tests that take seconds
	$(BIN)/python -m pytest -m "not slow"

gates: $(VENV)/.installed-dev   ## format, lint, types, import contract, file lengths, documentation
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/gates/lengths.py
	$(BIN)/python tests/gates/documents.py

# torch first and pinned by constraints.txt: resolved together with the rest, pip may take a CUDA build.
$(VENV)/.torch: constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	@touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(INSTALL) -e '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(INSTALL) -e '.[dev]'
	@touch $@

clean:           ## remove what the example runs left (not the environment)
	rm -rf examples/*/.tailor
