# Two commands are all that a fresh machine needs: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where torch comes from, e.g. TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
TORCH_ARGS ?=
SERVE ?= 1
# Tests run on all cores; SPREAD= runs them one after the other.
SPREAD ?= -n auto --dist worksteal

.PHONY: help setup demo test test-page test-all fuzz lint audit sbom clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed ## Make .venv with everything in it

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check $(TORCH_ARGS) -c constraints.txt torch
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train,serve,dev]'
	$(BIN)/sketchshape doctor # compiles the renderer, so that nothing waits for it later
	@touch $@

demo: setup ## Train and measure on the bundled sample, then serve the page to draw on (SERVE=0: no page)
	@SERVE=$(SERVE) $(BIN)/sketchshape demo

test: setup lint ## Everything that must be green, under 5 minutes on 2 cores
	$(BIN)/python -m pytest $(SPREAD)

test-page: setup ## The page in a real browser: needs Chromium
	$(BIN)/python -m pytest -m '' tests/web/test_browser.py

test-all: setup lint ## The longer tests too
	$(BIN)/python -m pytest -m '' $(SPREAD)

SECONDS ?= 300
SEED ?= 1
fuzz: setup ## Spoiled files of every kind for SECONDS, from SEED on; what is found lies in .fuzz
	$(BIN)/python tests/fuzz/run.py $(SECONDS) $(SEED) .fuzz

lint: setup ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.audit: $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[audit]'
	@touch $@

audit: $(VENV)/.audit ## Known holes in what is installed, where they can be asked for; licences
	$(BIN)/python scripts/supply/audit.py

sbom: $(VENV)/.audit ## What is installed, as CycloneDX in sbom.json
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-format JSON --output-file sbom.json $(BIN)/python

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) sbom.json .pytest_cache .mypy_cache .ruff_cache
