"""``sklearn.neural_network.tests.test_mlp`` with the import swapped."""

from swapped_imports import code_of

exec(code_of("sklearn.neural_network.tests.test_mlp"), globals())
