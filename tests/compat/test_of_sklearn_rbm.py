"""``sklearn.neural_network.tests.test_rbm`` with the import swapped."""

from swapped_imports import code_of

exec(code_of("sklearn.neural_network.tests.test_rbm"), globals())
