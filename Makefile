# The loop: `make demo` to see it, `make check test` before a commit, `make bench` before a claim.
# Everything lives in .venv; the Python on your machine is only used to create it.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
INSTALLED := $(VENV)/.installed
READY  := $(VENV)/.ready

.PHONY: help setup demo test check format bench clean

help:
	@echo "make demo    one minute: an unreliable upstream, called directly and through Hedgerow"
	@echo "make test    the whole test suite"
	@echo "make check   ruff, mypy --strict, import contracts"
	@echo "make format  rewrite the code in the house style"
	@echo "make bench   the benchmarks, with the peers that are installed"

setup: $(READY)

# Two steps, so that the demo needs not wait for the linters.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: install Python 3.11 or newer, or run make PYTHON=/path/to/it"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	$(PIP) install --constraint constraints.txt --upgrade pip
	$(PIP) install --constraint constraints.txt --editable .
	@touch $(INSTALLED)

$(READY): $(INSTALLED)
	$(PIP) install --constraint constraints.txt --group dev --editable .
	@touch $(READY)

demo: $(INSTALLED)
	$(BIN)/hedgerow demo

test: $(READY)
	$(BIN)/pytest -n logical --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(PIP) install --constraint constraints.txt --group bench
	$(BIN)/python -m benchmarks.gateway
	$(BIN)/python -m benchmarks.promise
	$(BIN)/python -m benchmarks.crowd
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.tail
	$(BIN)/python -m benchmarks.overload
	$(BIN)/python -m benchmarks.static
	$(BIN)/python -m benchmarks.workers wrk

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
