.PHONY: help install test lint fix types links parity train quality hook-e2e adapters rewriting

help:      ## what there is to make
	@grep -E '^[a-z0-9-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

install:   ## ctxzip and everything to work on it, into the active environment
	rm -rf build/lib
	pip install -e '.[dev]'

test:      ## the whole suite
	python -m pytest

lint:      ## style and formatting, nothing changed
	ruff check .
	ruff format --check .

fix:       ## style and formatting, mended where possible
	ruff check --fix .
	ruff format .

links:     ## the package under its import name, for mypy, pyright and editors
	@mkdir -p build/types/ctxzip
	@ln -sf $(CURDIR)/core/* $(CURDIR)/cli $(CURDIR)/compressors $(CURDIR)/models build/types/ctxzip/

types: links ## mypy, strict
	mypy -p ctxzip
	mypy tests

parity:    ## record again what the published LLMLingua-2 does (REFERENCE_PYTHON=its environment's python)
	$(REFERENCE_PYTHON) tests/golden/make.py

train:     ## train, export and measure the bundled encoder (DATA=the data directory)
	python -m training $(DATA)

quality:   ## measure the bundled encoder against baselines (DATA=the data directory)
	python -m benchmarks.quality $(DATA)

hook-e2e:  ## the pre-commit hooks in a real pre-commit environment, built with pip
	python -m benchmarks.hook

adapters:  ## train the two adapters of the small Gemma (DATA=the data directory)
	python -m training.adapters $(DATA) --task passages --run runs/passages --out runs/passages/out
	python -m training.adapters $(DATA) --task rewrite --start runs/passages/out --run runs/rewrite
	python -m training.adapters $(DATA) --task summarize --run runs/summarize

rewriting: ## measure rewriting and summaries (DATA=the data directory)
	python -m benchmarks.rewriting $(DATA)
