PYTHON ?= python

.PHONY: test oldest slow lint types bench bench-mnist bench-gpu bench-random docs examples

test:  ## the fast tests
	$(PYTHON) -m pytest

oldest:  ## the tests with the oldest versions that pyproject.toml allows, in an environment of their own
	.ci/oldest

slow:  ## long reproductions; wants DEEPEN_DATA
	DEEPEN_TEST_AS_SHIPPED=1 $(PYTHON) -m pytest -m slow

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:  ## what each system's Python has
	@set -e; for system in linux darwin win32; do $(PYTHON) -m mypy src --platform $$system; done

bench:  ## speed beside scikit-learn and torch; needs a quiet machine and DEEPEN_DATA
	$(PYTHON) -m benchmarks.speed

bench-mnist:  ## test errors on MNIST, hours on two cores; needs DEEPEN_DATA
	@set -e; for row in plain dropout maxnorm; do \
	    $(PYTHON) -m benchmarks.mnist $$row --seeds 0 1 2; done

bench-gpu:  ## the same work on a GPU, on this CPU and in torch
	$(PYTHON) -m benchmarks.gpu

bench-random:  ## dieharder over the random streams
	$(PYTHON) -m benchmarks.randomness --run

docs:
	$(PYTHON) -m sphinx -W -b html docs docs/_build/html

examples:
	@set -e; for file in $(filter-out examples/common.py,$(wildcard examples/*.py)); do echo "$$file"; $(PYTHON) "$$file"; done
