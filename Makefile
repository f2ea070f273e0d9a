# Two commands for a fresh machine with Python and make:
#   make demo   sets everything up and recommends for the shipped assessments
#   make test   sets everything up and passes the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out
ON := 2026-03-02

.PHONY: demo test check build schema clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("riskengine needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.core

demo: $(VENV)/.core
	@mkdir -p $(OUT)
	@for file in examples/assessments/*.json; do \
	  $(BIN)/riskengine assess "$$file" --on $(ON) --lang en || exit 1; done
	@$(BIN)/riskengine report examples/assessments/*.json --on $(ON) --lang zh --out $(OUT)/demo.zh.html
	@$(BIN)/riskengine report examples/assessments/*.json --on $(ON) --lang en --out $(OUT)/demo.en.html
	@$(BIN)/riskengine models --lang en

test: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/riskengine schema check

build: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist .

schema: $(VENV)/.dev
	$(BIN)/riskengine schema build

clean:
	rm -rf $(OUT) dist build
