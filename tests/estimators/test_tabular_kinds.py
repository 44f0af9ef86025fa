"""Kinds of members: which there are, what a budget buys of each, and their fractions in the mean."""

import numpy as np
import pytest
from scipy.optimize import brute

from sknn import TabularClassifier, TabularRegressor
from sknn.ensemble.calibration import fractions_by_likelihood, fractions_by_squares
from sknn.ensemble.effort import MANY_SAMPLES, Effort, Kind
from tests.estimators.samples import NUMBERS, X_NUMBERS, X, Y

RANDOM = np.random.RandomState(0)
FEW = {"max_iter": 1, "random_state": 0}


def described(net):
    """(units, dropout, frequencies, thresholds) of each kind of a fitted estimator."""
    return [(one.sizes, one.dropout, one.sigma, one.thresholds) for one in net._architectures]


# ---- kinds ---------------------------------------------------------------------------------------


def test_kinds_of_the_classifier():
    net = TabularClassifier(**FEW).fit(X, Y)
    wide = (256,) * 3
    assert described(net) == [(wide, 0.15, 0.1, False), (wide, 0.15, 0.1, True)]
    assert [member.kind for member in net.estimators_] == [0, 1] * 4


def test_kinds_of_the_regressor():
    narrow = (128,) * 3
    net = TabularRegressor(**FEW).fit(X_NUMBERS, NUMBERS)
    assert described(net) == [(narrow, 0.0, 0.1, False), (narrow, 0.0, 1.0, False)]
    assert [member.kind for member in net.estimators_] == [0, 1] * 3
    for first, second in zip(net.estimators_[::2], net.estimators_[1::2], strict=True):
        np.testing.assert_array_equal(first.held_out, second.held_out)
    more = np.tile(X_NUMBERS, (2, 1))
    net.set_params(n_members=3, n_thresholds=2).fit(more, more[:, 0])
    assert described(net) == [
        (narrow, 0.0, None, False),
        (narrow, 0.0, None, True),
        (narrow, 0.0, 1.0, False),
    ]


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, [(128, 0.0, 0.1), (128, 0.0, 1.0)]),
        ({"hidden_layer_sizes": (9,), "dropout": 0.5}, [(9, 0.5, 0.1), (9, 0.5, 1.0)]),
        ({"numeric_embedding": None}, [(128, 0.0, None)]),
        ({"numeric_embedding": "periodic", "n_members": 1}, [(128, 0.0, 0.1)]),
        (
            {"categorical_features": range(X_NUMBERS.shape[1]), "target_statistics": False},
            [(128, 0.0, None)],
        ),
    ],
    ids=["defaults", "sizes", "no embedding", "one member", "no numbers"],
)
def test_parameters_decide_for_all_kinds(parameters, wanted):
    net = TabularRegressor(**FEW | parameters).fit(np.round(X_NUMBERS, 2), NUMBERS)
    assert [(sizes[0], *rest) for sizes, *rest, _ in described(net)] == wanted


# ---- budget --------------------------------------------------------------------------------------


def test_many_samples_need_fewer_epochs():
    effort = Effort((Kind(8, 1, 0.0, epochs=(10, 30)),), members=(2, 6), multiply_adds=1000.0)
    assert effort.of_samples(MANY_SAMPLES) == effort
    assert effort.of_samples(4 * MANY_SAMPLES).kinds[0].epochs == (5, 15)


def test_the_budget_buys_members_first_and_then_epochs():
    one = Kind(8, 1, 0.0, epochs=(10, 30))
    effort = Effort((one,), members=(2, 6), multiply_adds=1000.0)
    for work, members, epochs in ((1.0, 6, 30), (10.0, 6, 16), (25.0, 4, 10), (1e6, 2, 10)):
        assert effort.n_members([one], [work]) == members
        assert effort.epochs([one], [work], members) == [epochs]


def test_each_kind_has_as_many_members_and_the_same_budget():
    kinds = [Kind(8, 1, 0.0, epochs=(10, 30)), Kind(4, 1, 0.0, epochs=(10, 300))]
    effort = Effort(tuple(kinds), members=(1, 7), multiply_adds=1200.0)
    assert effort.n_members(kinds, [1.0, 1.0]) == 6
    assert effort.n_members(kinds, [100.0, 1.0]) == 2
    assert effort.n_members(kinds, [1000.0, 1.0]) == 1
    assert effort.epochs(kinds, [10.0, 2.0], 6) == [20, 100]


# ---- fractions --------------------------------------------------------------------------------------


def least(loss):
    """The fraction of the second of two kinds with the least penalized loss, by looking everywhere."""
    return brute(
        lambda w: loss(float(w[0])) - 3 * np.log(w[0] * (1 - w[0])),
        [(0.001, 0.999)],
        Ns=999,
        finish=None,
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_fractions_have_the_least_loss(weighted):
    right = RANDOM.uniform(0.1, 1, (2, 300, 2))
    errors = RANDOM.normal(size=(2, 300, 2)) * [[[1.0]], [[1.3]]]
    weights = RANDOM.uniform(0.1, 5, 300) if weighted else None
    factors = np.ones((300, 1)) if weights is None else (weights / weights.mean())[:, None]
    fraction = least(lambda w: -(factors * np.log((1 - w) * right[0] + w * right[1])).sum())
    np.testing.assert_allclose(
        fractions_by_likelihood(right, weights), [1 - fraction, fraction], atol=1e-3
    )
    fraction = least(
        lambda w: 300 * np.log((factors * ((1 - w) * errors[0] + w * errors[1]) ** 2).mean())
    )
    np.testing.assert_allclose(
        fractions_by_squares(errors, weights), [1 - fraction, fraction], atol=1e-3
    )


def test_the_fraction_of_what_is_better_grows_with_the_samples():
    fractions = [
        fractions_by_likelihood(np.stack([np.full((n, 1), p) for p in (0.5, 0.6, 0.4)]), None)[1]
        for n in (1, 30, 3000)
    ]
    assert 1 / 3 < fractions[0] < 0.4 < fractions[1] < fractions[2] < 1


def test_fractions_by_what_tells_nothing_are_equal():
    np.testing.assert_allclose(fractions_by_likelihood(np.zeros((3, 9, 1)), None), 1 / 3, atol=1e-4)
    np.testing.assert_allclose(fractions_by_squares(np.zeros((2, 9, 1)), None), 1 / 2, atol=1e-4)
    same = np.broadcast_to(RANDOM.normal(size=(50, 1)), (2, 50, 1))
    np.testing.assert_allclose(fractions_by_squares(same, None), 1 / 2, atol=1e-4)


def test_a_function_that_varies_fast_needs_high_frequencies():
    rng = np.random.RandomState(0)
    x = rng.uniform(-1.7, 1.7, (400, 2))
    y = np.sin(6 * x[:, 0])
    net = TabularRegressor(max_iter=60, n_members=4, random_state=0).fit(x, y)
    weights = np.array([member.weight for member in net.estimators_])
    assert weights.sum() == pytest.approx(1)
    assert weights[1] == weights[3] > 2 * weights[0] == 2 * weights[2]


def test_other_losses_have_equal_weights():
    net = TabularRegressor(loss="absolute_error", **FEW).fit(X_NUMBERS, NUMBERS)
    assert {member.weight for member in net.estimators_} == {1 / len(net.estimators_)}
