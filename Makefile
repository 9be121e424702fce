# make demo    sets itself up (about 2 minutes, with CPU torch), then runs the sample pool through the main job and every method
#              (about a minute)
# make test    sets itself up (about 4 minutes, with CPU torch and a distilled embedder), then lint, types, floors, tests and
#              docs (about ten minutes on two cores)
# make torture an hour of faults: full and broken disks, power cuts, damaged bytes, bad servers; its first minute is in make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One worker more than processors: some tests wait for a server or a browser. One that has no more tests takes half of another's rest.
WORKERS := --numprocesses 3 --dist worksteal
HOME_OF_TESTS := $(CURDIR)/$(VENV)/home
MODEL := $(HOME_OF_TESTS)/models/static-minilm
PIP := $(BIN)/pip --disable-pip-version-check --quiet
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
# Hundreds of tests start a process: what it imports is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo setup test test-slow torture lint docs docs-site wheel bench clean evidence evidence-gpu evidence-toy

demo: $(VENV)/.base $(VENV)/.train
	$(BIN)/cuvee demo

setup: $(VENV)/.dev

test: setup lint $(MODEL)
	CUVEE_HOME=$(HOME_OF_TESTS) OMP_NUM_THREADS=1 $(BIN)/pytest $(WORKERS)

test-slow: setup $(MODEL)
	CUVEE_HOME=$(HOME_OF_TESTS) OMP_NUM_THREADS=1 HYPOTHESIS_PROFILE=thorough $(BIN)/pytest $(WORKERS) -m "slow or not slow"

torture: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.torture --minutes 60

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup
	$(BIN)/python docs/tables.py

docs-site: docs
	$(BIN)/mkdocs build --strict --quiet --site-dir build/site
	@echo "build/site/index.html, to be opened in a browser"

wheel: setup
	$(BIN)/python -m build --outdir build/dist
	$(BIN)/pytest -m "slow or not slow" tests/test_release.py

# the proofs at paper scale, on a GPU where there is one: eight minutes a call, and it goes on where the last one stopped
evidence-gpu: $(VENV)/.train
	$(BIN)/python -m bench.evidence --minutes 8

# the same at toy size, on any CPU
evidence-toy: $(VENV)/.train
	$(BIN)/python -m bench.evidence --toy --minutes 8 --out runs/evidence-toy

bench: setup
	$(BIN)/python -m bench

# Hours, and resumable: every result of training that docs/when.md tells.
evidence: setup $(MODEL)
	CUVEE_HOME=$(HOME_OF_TESTS) OMP_NUM_THREADS=1 $(BIN)/python -m bench.mapped
	$(BIN)/python docs/tables.py

clean:
	rm -rf $(VENV) demo runs build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up .venv without torch: about a minute, once"
	$(PIP) install --editable .
	@touch $@

$(VENV)/.train: $(VENV)/.base
	@echo "adding CPU torch for the methods that train: about a minute, once"
	$(PIP) install "torch==2.13.0"
	$(PIP) install --editable ".[train]"
	@touch $@

# torch first and pinned: any looser requirement may bring gigabytes of CUDA packages.
$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up .venv for development, with CPU torch: about four minutes, once"
	$(PIP) install "torch==2.13.0"
	$(PIP) install --editable ".[hub,distill,sentence,train,api,eval,ray,s3]" --group dev
	$(PIP) install --no-deps vendi-score submodlib-py
	@touch $(VENV)/.base $(VENV)/.train $@

$(MODEL): | $(VENV)/.dev
	CUVEE_HOME=$(HOME_OF_TESTS) $(BIN)/cuvee models fetch static-minilm
