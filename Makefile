PYTHON ?= python

.PHONY: test slow lint types bench docs examples

test:  ## the fast tests
	$(PYTHON) -m pytest

slow:  ## long reproductions; wants DEEPEN_DATA
	$(PYTHON) -m pytest -m slow

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy src

bench:  ## needs a quiet machine
	@set -e; for file in benchmarks/*.py; do echo "$$file"; $(PYTHON) "$$file"; done

docs:
	$(PYTHON) -m sphinx -W -b html docs docs/_build/html

examples:
	@set -e; for file in examples/*.py; do echo "$$file"; $(PYTHON) "$$file"; done
