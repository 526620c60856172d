# "make quickstart" and "make test" set up everything that they need.
PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# modules are compiled when they are first imported: most installed modules never are
PIP_INSTALL := -m pip install -q --no-compile
INSTALL := $(BIN)/python $(PIP_INSTALL)
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help quickstart test test-long test-oldest test-variations architectures chaos test-engines check format \
	bench clean

help:
	@echo "make quickstart   set up, then train the quickstart spec on real data with a real model"
	@echo "make test         set up, then run every test but the long ones"
	@echo "make test-long    set up, then run the long ones: plugins as users install them, torchrun, …"
	@echo "make test-oldest  set up, then run some tests with the oldest libraries that may be installed"
	@echo "make test-variations"
	@echo "                  set up, then run some tests under the conditions of other machines"
	@echo "make architectures"
	@echo "                  set up, then check every architecture of transformers for every task"
	@echo "make chaos        set up, then kill, damage and starve hundreds of runs, and see what is lost"
	@echo "make test-engines set up, then disturb runs under torchrun, Slurm and Ray"
	@echo "make check        set up, then check style, types and layers"
	@echo "make format       set up, then format the code"
	@echo "make bench        set up, then measure every claim about speed"

# what a user needs
$(VENV)/.train: pyproject.toml constraints.txt requirements-quickstart.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -c constraints.txt -e '.[train]'
	$(INSTALL) --no-deps --require-hashes -r requirements-quickstart.txt
	@touch $@

# what a developer needs in addition
$(VENV)/.dev: $(VENV)/.train
	$(INSTALL) -c constraints.txt -e '.[train,dev]'
	@touch $@

quickstart: $(VENV)/.train
	$(BIN)/ftspec run specs/quickstart.yaml

# one process for each core and one thread in each, so that they do not wait for each other
test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
		-m "not long and not engines"

test-long: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadgroup -m long

# the lowest versions that pyproject.toml allows, in an environment of their own
$(OLDEST)/.installed: pyproject.toml constraints-oldest.txt requirements-quickstart.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python $(PIP_INSTALL) -c constraints-oldest.txt -e '.[train]' \
		hypothesis pytest pytest-xdist
	$(OLDEST)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r requirements-quickstart.txt
	@touch $@

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m tests.oldest

# all, or VARIATIONS="plain-kernels elsewhere"
test-variations: $(VENV)/.dev
	$(BIN)/python -m tests.variations $(VARIATIONS)

# about half an hour on two cores; ONLY="text-generation/llama question-answering" checks some
architectures: $(VENV)/.dev
	$(BIN)/python -m tests.architectures $(if $(ONLY),--only $(ONLY),--output docs/architectures.md)

# about half an hour; one attack again: python -m tests.chaos --only kills --seed 17 --attempts 1
chaos: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.chaos --long --output docs/chaos.md

# about a minute for each kill; one run again: python -m tests.engines --seed 17 --kills 1
test-engines: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m engines
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.engines --kills 50

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(OLDEST) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
