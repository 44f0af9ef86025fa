"""Steps at thresholds of a table's numbers: where they are found, who sees them, and what weight that has."""

import numpy as np
import pytest

from sknn.ensemble.calibration import right_probabilities
from sknn.inputs.table.columns import TableColumns
from sknn.inputs.table.encoder import TableEncoder
from sknn.inputs.table.features import NumericalFeature
from sknn.inputs.table.thresholds import find_thresholds
from sknn.losses import Loss
from tests.estimators.samples import NUMBERS, TARGETS, X_NUMBERS, X, Y, outputs_of
from tests.estimators.test_tabular import classifier, regressor

UNIFORM = np.random.RandomState(0).uniform(0, 1, 400)


def found(values, targets, weights=None, n_most=4, of_classes=True):
    targets = np.asarray(targets, float).reshape(len(values), -1)
    return find_thresholds(np.asarray(values, float), targets, weights, n_most, of_classes)


# ---- thresholds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_classes", [True, False])
def test_a_step_is_found_between_two_samples(of_classes):
    (threshold,) = found(UNIFORM, UNIFORM > 0.3, n_most=1, of_classes=of_classes)
    low, high = UNIFORM[UNIFORM <= 0.3].max(), UNIFORM[UNIFORM > 0.3].min()
    assert threshold == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "columns", "multilabel"])
def test_thresholds_rise_and_are_no_more_than_asked_for(kind):
    for n_most in (1, 3, 20):
        thresholds = found(X[:, 2], TARGETS[kind], n_most=n_most)
        assert 1 <= len(thresholds) <= n_most
        assert (np.diff(thresholds) > 0).all()


def test_no_leaf_is_small():
    values = np.arange(2000.0)
    thresholds = found(values, values % 7 == 0, n_most=50)
    counts = np.diff(np.concatenate([[0], np.searchsorted(values, thresholds), [2000]]))
    assert counts.min() >= 5


@pytest.mark.parametrize(
    "stretch",
    [
        lambda v: v * 1e308,
        lambda v: np.round(200 * v) * 5e-324,
        lambda v: np.round(v * 1000) + 2.0**40,
        lambda v: -np.exp(700 * v),
    ],
    ids=["huge", "tiny", "integers", "tail"],
)
def test_ranks_count_and_nothing_else(stretch):
    values = stretch(np.arange(200) / 200)
    order = np.argsort(values)
    (threshold,) = found(values, np.arange(200) >= 57, n_most=1)
    low, high = sorted(values[[56, 57]])
    assert low <= threshold < high
    assert (
        (values > threshold)[order] == (np.arange(200) >= np.searchsorted(values[order], high))
    ).all()


def test_neighbours_among_floats_are_told_apart():
    values = np.nextafter(1.0, 2.0) - np.spacing(1.0) * (np.arange(40) < 20)
    (threshold,) = found(values, np.arange(40) < 20)
    assert ((values > threshold) == (np.arange(40) >= 20)).all()


def test_missing_values_are_left_out():
    gaps = UNIFORM.copy()
    gaps[::3] = np.nan
    known = ~np.isnan(gaps)
    np.testing.assert_array_equal(
        found(gaps, UNIFORM > 0.3), found(gaps[known], UNIFORM[known] > 0.3)
    )


def test_what_cannot_be_split_has_no_thresholds():
    assert len(found(UNIFORM[:9], UNIFORM[:9] > 0.5)) == 0
    assert len(found(np.full(100, np.nan), np.arange(100) > 50)) == 0
    assert len(found(UNIFORM, np.zeros(400))) == 0
    assert len(found(np.r_[np.zeros(399), 1], np.r_[np.zeros(399), 1])) == 0


def test_weights_decide():
    weights = np.where(UNIFORM > 0.5, 100.0, 1.0)
    targets = np.where(UNIFORM > 0.5, UNIFORM > 0.8, UNIFORM > 0.3)
    assert found(UNIFORM, targets, weights, n_most=1)[0] == pytest.approx(0.8, abs=0.02)
    assert found(UNIFORM, targets, 1 / weights, n_most=1)[0] == pytest.approx(0.3, abs=0.02)


# ---- encoded rows ----------------------------------------------------------------------------------


def test_steps_end_a_row():
    rng, table = np.random.RandomState(1), np.empty((400, 4), object)
    table[:, 0] = UNIFORM
    table[:, 1] = rng.choice([f"c{i}" for i in range(20)], 400)
    table[:, 2] = rng.uniform(0, 1, 400)
    table[::10, 2] = np.nan
    table[:, 3] = 1.0
    columns = TableColumns(table)
    encoder = TableEncoder(columns, np.array([False, True, False, False]))
    before = encoder.encode(columns, np.float64)
    encoder.learn_thresholds(columns, {}, (UNIFORM > 0.7)[:, None], None, 2, True, n_threads=2)
    after = encoder.encode(columns, np.float64)
    assert after.shape[1] == encoder.width == before.shape[1] + encoder.n_thresholds
    np.testing.assert_array_equal(after[:, : encoder.width_without_thresholds], before)
    assert [len(group) for group in encoder.groups] == [
        2,
        1,
        4,
        0,
    ]  # one split is enough for the first
    assert sorted(np.concatenate(encoder.groups)) == list(range(encoder.width))
    step = after[:, encoder.groups[0][1]]
    assert len(set(step[UNIFORM > 0.7])) == 1 == len(set(step[UNIFORM < 0.7]))
    assert (after[::10, encoder.groups[2][2:]] == 0).all()


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("clip", [True, False])
def test_steps_are_scaled_as_columns_of_zeros_and_ones(share, clip):
    one = NumericalFeature(UNIFORM, clip=clip)
    one.split(UNIFORM, np.array([np.quantile(UNIFORM, 1 - share)]))
    zeros_and_ones = (one.thresholds < UNIFORM).astype(float)
    wanted = NumericalFeature(zeros_and_ones, clip=clip).encode(zeros_and_ones)
    np.testing.assert_allclose(one.above_thresholds(UNIFORM)[:, 0], wanted)


# ---- members ---------------------------------------------------------------------------------------


def test_every_second_member_sees_steps_and_holds_out_the_fold_of_the_one_before():
    net = classifier(n_members=5, numeric_embedding=None).fit(X, Y)
    assert [member.kind for member in net.estimators_] == [0, 1, 0, 1, 0]
    assert net.estimators_[1].coefs[-2].shape == net.estimators_[0].coefs[-2].shape
    folds = [member.held_out for member in net.estimators_]
    for first, second in ((0, 1), (2, 3)):
        np.testing.assert_array_equal(folds[first], folds[second])
    assert len(np.unique(np.concatenate([folds[0], folds[2], folds[4]]))) == 90
    weights = np.array([member.weight for member in net.estimators_])
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == weights[2] == weights[4] != weights[1] == weights[3]


@pytest.mark.parametrize(
    ("make", "y", "parameters"),
    [
        (classifier, Y, {"n_members": 1}),
        (classifier, Y, {"n_thresholds": 0}),
        (regressor, X[:, 0], {}),
        (classifier, Y, {"categorical_features": [0, 1, 2, 3]}),
    ],
    ids=["one member", "none", "numbers as targets", "no numbers"],
)
def test_members_without_steps(make, y, parameters):
    net = make(numeric_embedding=None, **parameters).fit(np.round(X, 1), y)
    assert [member.kind for member in net.estimators_] == [0] * len(net.estimators_)
    assert [member.weight for member in net.estimators_] == [1 / len(net.estimators_)] * len(
        net.estimators_
    )
    assert net._encoder.n_thresholds == 0


@pytest.mark.parametrize(("n_numbers", "n_most"), [(4, 8), (200, 4), (801, 0)])
def test_wide_tables_have_fewer_thresholds(n_numbers, n_most):
    rng = np.random.RandomState(0)
    n = 100 if n_most else 20
    table = rng.standard_normal((n, n_numbers))
    net = classifier(max_iter=1, n_members=2).fit(table, rng.randint(0, 2, n))
    found = [len(learned.thresholds) for learned in net._encoder.learned]
    assert max(found) == n_most
    assert len(net._architectures) == (2 if n_most else 1)


@pytest.mark.parametrize("kind", [*TARGETS, "numbers"])
@pytest.mark.parametrize(
    "more", [{}, {"validation": "holdout"}, {"refit": True}, {"validation": True}]
)
def test_the_mean_has_the_members_weights(kind, more):
    validation = {"X_val": X, "y_val": TARGETS.get(kind, X[:, 0])} if "validation" in more else {}
    parameters = {name: value for name, value in more.items() if name != "validation"}
    make = regressor if kind == "numbers" else classifier
    net = make(n_members=3, n_thresholds=2, **parameters)
    net.fit(X, TARGETS.get(kind, X[:, 0]), **validation)
    outputs, targets = outputs_of(net, X), net._targets()
    weights = [member.weight for member in net.estimators_]
    assert sum(weights) == pytest.approx(1)
    assert (weights == [1 / 3] * 3) == bool(validation)
    wanted = sum(
        w * targets.predicted(values[None]) for w, values in zip(weights, outputs, strict=True)
    )
    np.testing.assert_allclose(targets.predicted(outputs, weights), wanted, rtol=1e-6, atol=1e-9)


def test_a_rule_on_a_heavy_tail_needs_steps():
    """Scaled by quartiles that are e^10 apart, what is below e^5 and what is above are one for waves."""
    values = np.exp(np.random.RandomState(0).uniform(0, 20, (600, 2)))
    y = values[:, 0] < np.exp(5)
    without = classifier(n_members=4, n_thresholds=0).fit(values[:400], y[:400])
    net = classifier(n_members=4).fit(values[:400], y[:400])
    assert net.score(values[400:], y[400:]) > 0.98 > 0.9 > without.score(values[400:], y[400:])
    assert net.estimators_[1].weight > 10 * net.estimators_[0].weight


def test_numbers_as_targets_may_have_steps():
    y = NUMBERS + 5 * (X_NUMBERS[:, 2] > 0.02)
    net = regressor(n_members=4, n_thresholds=3, max_iter=40).fit(X_NUMBERS, y)
    assert [one.thresholds for one in net._architectures] == [False, True, False]
    assert net.score(X_NUMBERS, y) > 0.8
    _, spread = net.predict(X_NUMBERS, return_std=True)
    assert (spread > 0).all()


def test_probabilities_of_what_is_true():
    p = np.array([[0.2, 0.8, 0.1, 0.3, 0.6]])
    softmax = Loss("softmax", (2, 3), 0.0)
    np.testing.assert_allclose(
        right_probabilities(softmax, p, np.array([[1.0, 2.0]])), [[0.8, 0.6]]
    )
    binary = Loss("binary", (1, 1), 0.0)
    p = np.array([[0.2, 0.7]])
    np.testing.assert_allclose(right_probabilities(binary, p, np.array([[1.0, 0.0]])), [[0.2, 0.3]])
