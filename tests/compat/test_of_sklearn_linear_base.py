"""``sklearn.linear_model.tests.test_base`` with the import swapped."""

from swapped_imports import code_of

exec(code_of("sklearn.linear_model.tests.test_base"), globals())
