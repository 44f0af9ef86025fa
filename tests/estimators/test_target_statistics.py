"""Target statistics of categories that few samples have."""

import pickle

import numpy as np
import pandas as pd
import pytest

from sknn import TabularRegressor
from sknn.inputs.table.statistics import SMOOTHING, KnownTargets, target_statistics

RANDOM = np.random.default_rng(0)
N, N_CATEGORIES = 400, 40
CODES = RANDOM.integers(-1, N_CATEGORIES, N)
WEIGHTS = RANDOM.uniform(0.5, 2, N)
WEIGHTS /= WEIGHTS.mean()
TARGETS = RANDOM.normal(size=(N, 2))
GROUPS = np.arange(N) // 2
EFFECT = RANDOM.normal(size=N_CATEGORIES + 1)
X = pd.DataFrame({"number": RANDOM.normal(size=N), "category": CODES.astype(str)})
Y = X["number"].to_numpy() + EFFECT[CODES]


def known(targets=TARGETS, weights=WEIGHTS, of_classes=False):
    return KnownTargets.of(targets, weights, GROUPS, of_classes)


def smoothed(chosen, values=TARGETS):
    """Of some samples the mean, smoothed by that of all that are left."""
    others, of_category = chosen
    overall = np.average(values[others], axis=0, weights=WEIGHTS[others])
    both = others & of_category
    total = WEIGHTS[both] @ values[both] + SMOOTHING * overall
    return total / (WEIGHTS[both].sum() + SMOOTHING)


def test_means_of_categories_and_of_others():
    means, of_others = target_statistics(CODES, N_CATEGORIES, known(weights=1e-6 * WEIGHTS))
    everything = np.ones(N, bool)
    for code in range(-1, N_CATEGORIES):
        np.testing.assert_allclose(means[code], smoothed((everything, code == CODES)))
    parts = GROUPS % 5
    for i in range(0, N, 7):
        wanted = smoothed((parts != parts[i], CODES[i] == CODES))
        np.testing.assert_allclose(of_others[i], wanted)


@pytest.mark.parametrize(
    ("classes", "columns"), [([0, 1], 1), ([0, 1, 2], 3), ([1], 1)], ids=["two", "three", "one"]
)
def test_columns_of_classes(classes, columns):
    targets = RANDOM.choice(classes, (N, 2)).astype(float)
    values = known(targets, of_classes=True).values
    assert values.shape == (N, 2 * columns)
    np.testing.assert_array_equal(values[:, columns - 1] == 1, targets[:, 0] == classes[-1])


def test_training_samples_are_given_those_of_others():
    options = {"n_thresholds": 0, "numeric_embedding": None, "max_iter": 3, "random_state": 0}
    net = TabularRegressor(n_members=1, hidden_layer_sizes=4, store_oof_predictions=True, **options)
    net.fit(X, Y)
    held_out = net.estimators_[0].held_out
    assert not np.allclose(net.oof_predictions_[held_out], net.predict(X)[held_out], rtol=1e-3)
    net.set_params(target_statistics=False).fit(X, Y)
    np.testing.assert_allclose(
        net.oof_predictions_[held_out], net.predict(X)[held_out], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("n_thresholds", [0, 3])
def test_a_fit_with_them(n_thresholds):
    """Thresholds, unknown categories, a pickle, columns of the encoded sample."""
    net = TabularRegressor(
        n_members=4, n_thresholds=n_thresholds, hidden_layer_sizes=16, max_iter=40, random_state=0
    )
    net.fit(X, Y)
    encoder = net._encoder
    assert not encoder.cardinalities
    assert encoder.n_numbers == 2
    assert np.concatenate(encoder.groups).tolist() == sorted(range(encoder.width), key=_by(encoder))
    later = X[:5].assign(category=["never seen", None, "3", "-1", "3"])
    predicted = net.predict(later)
    assert np.isfinite(predicted).all()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(net)).predict(later), predicted)
    assert net.score(X, Y) > 0.7
    assert np.isnan(net.input_gradients(X[:3])[:, 1]).all()
    assert np.abs(net.integrated_gradients(X[:3], n_steps=2)[:, 1]).max() > 0


def _by(encoder):
    """The feature of each column of an encoded sample, then the column."""
    feature = {column: i for i, group in enumerate(encoder.groups) for column in group}
    return lambda column: (feature[column], column)


def test_samples_without_weight_say_nothing():
    weights = np.where(np.arange(N) < 300, 1.0, 0.0)
    wild = np.where(weights > 0, Y, 1e3)
    options = {"n_members": 1, "hidden_layer_sizes": 4, "max_iter": 3, "random_state": 0}
    with_others = TabularRegressor(**options).fit(X, wild, sample_weight=weights)
    alone = TabularRegressor(**options).fit(X[:300], Y[:300])
    np.testing.assert_allclose(with_others.predict(X), alone.predict(X), rtol=1e-4, atol=1e-5)
