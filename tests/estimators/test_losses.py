"""Losses and learning: the formulas of the guide, odd shapes, and what a quantile is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_gamma_deviance, mean_pinball_loss, mean_poisson_deviance

from sknn import MLPClassifier, MLPRegressor, show_versions
from tests.estimators.samples import X, classifier, regressor, weights_of

TARGET = np.abs(np.column_stack([X[:, 0] * 3, X[:, 1]]))


def huber(y, f, delta=0.7):
    r = np.abs(y - f)
    return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)).mean()


FORMULAS = {
    "squared_error": lambda y, f: ((y - f) ** 2).mean() / 2,
    "absolute_error": lambda y, f: np.abs(y - f).mean(),
    "huber": huber,
    "quantile": lambda y, f: mean_pinball_loss(y, f, alpha=0.8),
}


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("loss", FORMULAS)
def test_reported_losses_are_the_formulas(loss, solver, columns):
    y = TARGET[:, :columns].squeeze()
    parameters = {"alpha": 0, "learning_rate_init": 1e-30, "max_iter": 1, "dtype": "float64"}
    parameters |= {"quantile": 0.8, "delta": 0.7, "solver": solver, "batch_size": 40}
    fitted = regressor(loss=loss, **parameters).fit(X, y)
    np.testing.assert_allclose(fitted.loss_, FORMULAS[loss](y, fitted.predict(X)))


def test_gamma_learns_means():
    means = np.exp(X[:, 0] / 2)
    amounts = np.random.RandomState(0).gamma(5.0, means / 5)
    fitted = regressor(loss="gamma", max_iter=300).fit(X, amounts)
    deviance = mean_gamma_deviance(amounts, fitted.predict(X))
    assert deviance < mean_gamma_deviance(amounts, np.full(len(X), amounts.mean())) - 0.1
    with pytest.raises(ValueError, match="needs y > 0"):
        regressor(loss="gamma").fit(X, amounts - amounts.min())


def test_poisson_learns_rates():
    rates = np.exp(X[:, 0])
    counts = np.random.RandomState(0).poisson(rates)
    fitted = regressor(loss="poisson", max_iter=300).fit(X, counts)
    assert fitted.out_activation_ == "exp"
    deviance = mean_poisson_deviance(counts, fitted.predict(X))
    assert deviance < mean_poisson_deviance(counts, np.full(len(X), counts.mean())) - 0.5


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_a_quantile_has_that_share_below_it(quantile):
    rng = np.random.RandomState(0)
    data = rng.uniform(-1, 1, (2000, 1))
    y = data[:, 0] + rng.normal(size=2000)
    fitted = regressor(loss="quantile", quantile=quantile, max_iter=60).fit(data, y)
    assert abs((y < fitted.predict(data)).mean() - quantile) < 0.03


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_robust_losses_ignore_outliers(loss):
    y = X[:, 0].copy()
    y[::10] = 1000
    clean = np.arange(len(y)) % 10 > 0
    errors = [
        np.abs(regressor(loss=name, max_iter=300).fit(X, y).predict(X) - y)[clean].mean()
        for name in (loss, "squared_error")
    ]
    assert errors[0] < 1 < errors[1]


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 9),
    hidden=st.lists(st.integers(1, 19), max_size=3),
    classes=st.integers(1, 5),
    batch=st.integers(1, 40),
    scale=st.sampled_from([0.0, 1e-30, 1e-3, 1.0, 1e3]),
    more=st.sampled_from(
        [{}, {"dropout": 0.4}, {"solver": "sgd", "clip_norm": 1}, {"solver": "lbfgs"}]
    ),
    zeros=st.booleans(),
)
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
def test_odd_shapes_and_values(rows, columns, hidden, classes, batch, scale, more, zeros):
    rng = np.random.RandomState(rows)
    data = scale * rng.uniform(-1, 1, (rows, columns))
    weights = np.ones(rows)
    if zeros and rows > 1:
        weights[1:] = rng.randint(0, 2, rows - 1)
    parameters = {"hidden_layer_sizes": hidden, "batch_size": batch, "max_iter": 3, **more}
    y = np.arange(rows) % classes
    for cls in (MLPClassifier, MLPRegressor):
        fitted = cls(random_state=0, **parameters).fit(data, y, sample_weight=weights)
        assert np.isfinite(weights_of(fitted)).all()
        assert np.isfinite(fitted.loss_)
        assert fitted.predict(data).shape == (rows,)


def test_it_learns_what_is_there():
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    assert classifier(hidden_layer_sizes=30, max_iter=500, tol=0).fit(X, y).score(X, y) > 0.97


def test_show_versions_tells_the_engine(capsys):
    show_versions()
    out = capsys.readouterr().out
    for word in ("sknn:", "instruction set:", "OpenMP:", "numpy"):
        assert word in out
