"""Monotonic constraints: outputs that never fall, or never rise, with a feature."""

import numpy as np
import pandas as pd
import pytest

from sknn import TabularClassifier, TabularRegressor

N = 400
RANDOM = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "rises": RANDOM.normal(size=N),
        "free": RANDOM.normal(size=N),
        "city": RANDOM.choice(["Basel", "Bern", "Genf"], N),
        "falls": RANDOM.lognormal(size=N),
    }
)
X.loc[::9, "rises"] = np.nan
# it rises and falls with both, and more so for some values of the free feature
WAVES = np.sin(3 * X["rises"].fillna(0)) * (1 + X["free"] ** 2) + np.cos(3 * X["falls"])
Y = (X["rises"].fillna(0) - X["falls"] + WAVES + RANDOM.normal(size=N)).to_numpy()
CONSTRAINTS = {"rises": 1, "falls": -1}


def outputs(net, X):
    return net.decision_function(X) if hasattr(net, "classes_") else net.predict(X)


def steps(net, name):
    """Changes of the outputs along a feature, (grid, samples), the others as in some samples."""
    some = X.sample(40, random_state=1)
    values = np.sort(np.append(RANDOM.normal(0, 3, 60), X[name].dropna().to_numpy()[:60]))
    grid = pd.concat([some.assign(**{name: value}) for value in values], ignore_index=True)
    return np.diff(outputs(net, grid).reshape(len(values), len(some), -1), axis=0)


def fitted(Estimator, effort="fast", **options):
    y = Y if Estimator is TabularRegressor else np.where(np.median(Y) < Y, "yes", "no")
    options = {"max_iter": 10, "random_state": 0} | options
    return Estimator(effort, **options).fit(X, y)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"effort": "balanced", "n_members": 3},  # all kinds of members
        {"numeric_embedding": None, "parametric_activation": False, "activation": "tanh"},
        {"scaling_layer": False, "parametrization": "standard", "hidden_layer_sizes": (7, 1)},
        {"hidden_layer_sizes": (), "data_driven_init": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("Estimator", [TabularClassifier, TabularRegressor])
def test_outputs_rise_and_fall(Estimator, options):
    net = fitted(Estimator, monotonic_cst=CONSTRAINTS, **options)
    scale = np.ptp(outputs(net, X))
    assert steps(net, "rises").min() > -1e-6 * scale
    assert steps(net, "falls").max() < 1e-6 * scale
    assert steps(net, "rises").max() > 1e-3 * scale
    assert steps(net, "falls").min() < -1e-3 * scale


@pytest.mark.parametrize("Estimator", [TabularClassifier, TabularRegressor])
def test_without_constraints_they_turn(Estimator):
    net = fitted(Estimator, max_iter=80)
    assert steps(net, "rises").min() < -1e-3
    assert steps(net, "falls").max() > 1e-3


def test_free_features_stay_free():
    free = steps(fitted(TabularRegressor, monotonic_cst=CONSTRAINTS), "free")
    assert free.min() < -1e-3 < 1e-3 < free.max()


def test_summary_names_the_layers():
    def names(net):
        return [row.name for _, found in net._summaries() for row in found.rows]

    free, constrained = (
        fitted(TabularRegressor, monotonic_cst=given) for given in (None, CONSTRAINTS)
    )
    assert names(constrained) == names(free)


def test_by_position_as_by_name():
    named = fitted(TabularRegressor, monotonic_cst=CONSTRAINTS)
    numbered = fitted(TabularRegressor, monotonic_cst=[1, 0, 0, -1])
    np.testing.assert_array_equal(named.predict(X), numbered.predict(X))
    nothing = fitted(TabularRegressor, monotonic_cst=[0, 0, 0, 0])
    np.testing.assert_array_equal(fitted(TabularRegressor).predict(X), nothing.predict(X))


def test_every_output_and_every_pass():
    y = np.column_stack([Y, -(Y**3)])
    net = TabularRegressor("fast", monotonic_cst=CONSTRAINTS, random_state=0)
    for _ in range(5):
        net.partial_fit(X, y)
    scale = np.ptp(net.predict(X), axis=0)
    assert (steps(net, "rises") > -1e-6 * scale).all()
    assert (steps(net, "falls") < 1e-6 * scale).all()
    with pytest.raises(ValueError, match=r"built with monotonic_cst=\(1, 0, 0, -1\)"):
        net.set_params(monotonic_cst=None).partial_fit(X, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monotonic_cst": {"city": 1}}, "constrains feature 2, which is categorical"),
        ({"monotonic_cst": {"rises": 1}, "activation": "mish"}, "needs an activation that never"),
        ({"monotonic_cst": {"town": 1}}, "town"),
        ({"monotonic_cst": [1, 0]}, "monotonic_cst"),
        ({"monotonic_cst": [2, 0, 0, 0]}, "monotonic_cst"),
    ],
    ids=str,
)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fitted(TabularRegressor, **options)


def test_more_than_two_classes():
    with pytest.raises(ValueError, match="needs two classes"):
        TabularClassifier("fast", monotonic_cst={"rises": 1}).fit(X, X["city"])
