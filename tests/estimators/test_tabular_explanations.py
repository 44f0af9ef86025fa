"""What the outputs of the estimators of tables depend on: importances, slopes, attributions."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance

from tests.estimators.samples import X, Y
from tests.estimators.test_tabular import classifier, regressor


def test_importances_find_what_matters():
    rng = np.random.RandomState(0)
    table = rng.standard_normal((400, 4))
    net = regressor(max_iter=30).fit(table, 3 * table[:, 1] + table[:, 2])
    importances = net.feature_importances_
    assert importances.sum() == pytest.approx(1)
    assert importances[1] > importances[2] > 10 * max(importances[0], importances[3])
    shuffled = permutation_importance(net, table, table[:, 1], n_repeats=2, random_state=0)
    assert shuffled.importances_mean.argmax() == 1


@pytest.mark.parametrize("dtype", ["float64"])
@pytest.mark.parametrize(
    ("make", "y", "output"),
    [
        (classifier, Y, 2),
        (classifier, Y > 0, None),
        (regressor, X[:, 0] * X[:, 1], None),
        (lambda **p: regressor(loss="poisson", **p), np.exp(X[:, 0]), 0),
        (lambda **p: regressor(numeric_embedding="piecewise_linear", **p), X[:, 0] * X[:, 1], None),
    ],
    ids=["classes", "two classes", "numbers", "counts", "lines"],
)
def test_input_gradients_are_differences(make, y, output, dtype):
    net = make(dtype=dtype).fit(X, y)
    which = 0 if output is None else output

    def value(table):
        rows = net._encoder.encode(net._encoded(table)[0], np.float64)
        return net._ensemble().combined(rows)[:, which]

    away = X[:7] + 0.0123  # from the edges of bins, which are samples
    step, found = 1e-5, net.input_gradients(away, output)
    for column in range(X.shape[1]):
        up, down = away.copy(), away.copy()
        up[:, column] += step
        down[:, column] -= step
        slopes = (value(up) - value(down)) / (2 * step)
        np.testing.assert_allclose(found[:, column], slopes, rtol=1e-4, atol=1e-6)


def test_attributions_sum_to_the_difference():
    pd = pytest.importorskip("pandas")
    rng = np.random.RandomState(0)
    table = pd.DataFrame(
        {"a": rng.standard_normal(200), "b": rng.choice(list("uvw"), 200)}
        | {"c": rng.choice([f"level {i}" for i in range(12)], 200)}
    )
    net = classifier(dtype="float64").fit(table, (table["a"] > 0) ^ (table["b"] == "u"))
    shares = net.integrated_gradients(table, n_steps=400)
    start = np.zeros((1, net._encoder.width))
    start[:, net._encoder.codes] = -1
    wanted = net.decision_function(table) - net._ensemble().combined(start)[:, 0]
    np.testing.assert_allclose(shares.sum(axis=1), wanted, rtol=1e-3, atol=5e-3)
    assert np.isnan(net.input_gradients(table)[:, 1:]).all()
