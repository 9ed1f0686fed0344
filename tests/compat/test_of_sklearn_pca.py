"""``sklearn.decomposition.tests.test_pca`` with the import swapped."""

from swapped_imports import code_of

exec(code_of("sklearn.decomposition.tests.test_pca"), globals())
