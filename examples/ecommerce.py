"""E-commerce: five columns tell what a visitor of a shop's web site will do.

    is_mobile, n_products_viewed, visit_duration, is_returning_visitor, time_of_day (four quarters)
    user_action:  0 leaves,  1 puts into the cart,  2 begins to pay,  3 pays

The two counts are standardised, time_of_day becomes four columns of 0 and 1 (its numbers have an order
but no scale), and the last 100 rows of a shuffle are the test set. Two questions are asked:

    leave or cart?    classes 0 and 1, logistic regression   p = sigma(w.x + b)
    which of four?    softmax regression against a network   p = softmax(V tanh(W x + b) + c)

Penalties are chosen by 3-fold cross-validation inside the training rows; scaling happens there too.
A test set of 100 rows has a standard error near .02, so the whole procedure is repeated on four
shuffles (--full: fifty), and the mean is what counts. Without DEEPEN_DATA the table is made up, and the
script says so.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import sklearn.linear_model
import sklearn.neural_network
from common import arguments, has_data, made_up_visitors, save
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import deepen.linear_model
import deepen.neural_network
from deepen.datasets import read_table
from deepen.plotting import plot_confusion_matrix, plot_learning_curves

options = arguments(__doc__)


is_real = has_data("ecommerce_data.csv") or has_data("lazyprogrammer/ecommerce_data.csv")
table = read_table("ecommerce") if is_real else made_up_visitors()
print(
    f"{'ecommerce_data.csv' if is_real else 'a made-up table (DEEPEN_DATA is not set)'}: {len(table)} rows"
)


def tuned(model, grid):
    """Columns to numbers, then the model with the penalty that cross-validation prefers."""
    columns = make_column_transformer(
        (StandardScaler(), ["n_products_viewed", "visit_duration"]),
        (OneHotEncoder(handle_unknown="ignore"), ["time_of_day"]),
        remainder="passthrough",
    )
    name = type(model).__name__.lower()
    return GridSearchCV(
        make_pipeline(columns, model), {f"{name}__{k}": v for k, v in grid.items()}, cv=3
    )


def split(rows, seed):
    """Training and test rows: the last 100 of a shuffle are for testing."""
    rows = rows.sample(frac=1, random_state=seed)
    X, y = rows.drop(columns="user_action"), rows["user_action"]
    return X[:-100], y[:-100], X[-100:], y[-100:]


def logistic(home):
    """Logistic or softmax regression of deepen or of scikit-learn, tuned."""
    return tuned(home.LogisticRegression(max_iter=500), {"C": [0.1, 1, 10]})


def network(home):
    """A network with ten hidden units, tuned."""
    settings = dict(learning_rate_init=0.03, max_iter=200, random_state=0)
    return tuned(home.MLPClassifier((10,), "tanh", **settings), {"alpha": [0.01, 0.1, 1]})


deepen_and_peer = {
    logistic: (deepen.linear_model, sklearn.linear_model),
    network: (deepen.neural_network, sklearn.neural_network),
}
contests = [
    ("leave or cart", "logistic regression", logistic),
    ("which of four", "softmax regression", logistic),
    ("which of four", "network, 10 units", network),
]
n_shuffles = 50 if options.full else 4
for question, name, model in contests:
    rows = table[table.user_action <= 1] if question == "leave or cart" else table
    accuracies = np.array(
        [
            [model(home).fit(X, y).score(X_test, y_test) for home in deepen_and_peer[model]]
            for X, y, X_test, y_test in (split(rows, seed) for seed in range(n_shuffles))
        ]
    )
    mean, error = accuracies.mean(axis=0), accuracies.std(axis=0) / np.sqrt(n_shuffles)
    print(
        f"{question}, {name:20s} accuracy {mean[0]:.3f} +- {error[0]:.3f}   scikit-learn {mean[1]:.3f}"
    )

# The pictures: the first shuffle's network, its curves with a fifth of the training rows held out.
X, y, X_test, y_test = split(table, 0)
best = network(deepen.neural_network).fit(X, y).best_estimator_
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.4), width_ratios=(1.2, 1))
to_numbers, fitted = best[0], best[1]
numbers = to_numbers.transform(X)
curves = clone(fitted).set_params(n_iter_no_change=np.inf)
curves.fit(numbers[:-80], y[:-80], X_val=numbers[-80:], y_val=y[-80:])
plot_learning_curves(curves.history_, left)
left.set(title="network, ten hidden units", ylabel="cost (nats a row)", ylim=(0, None))
plot_confusion_matrix(y_test, best.predict(X_test), right)
names = ["leaves", "cart", "begins\nto pay", "pays"]
right.set_xticks(range(4), names)
right.set_yticks(range(4), names)
right.set(title="100 test rows, % of each true class")
save(figure, options, "ecommerce")
