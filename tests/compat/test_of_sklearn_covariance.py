"""``sklearn.covariance.tests.test_covariance`` with the import swapped."""

from swapped_imports import code_of

exec(code_of("sklearn.covariance.tests.test_covariance"), globals())
