"""Validation folds of the tabular estimators: groups, splitters, chosen samples."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    TimeSeriesSplit,
    cross_validate,
)

from sknn import TabularClassifier, TabularRegressor
from sknn.ensemble.copies import distinct
from sknn.ensemble.folds import folds
from sknn.ensemble.members import Encoded
from sknn.inputs.dataset import Dataset

N = 120
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 3))
Y = {TabularClassifier: (X[:, 0] > 0).astype(int), TabularRegressor: X[:, 0]}
#: of 20 groups; neighbours are in different ones
GROUPS = np.arange(N) % 20
BOTH = pytest.mark.parametrize("estimator", Y)


def net(estimator, **parameters):
    one_kind = {"hidden_layer_sizes": 9, "dropout": 0, "numeric_embedding": None}
    options = {"n_members": 3, "n_thresholds": 0, "max_iter": 1, "random_state": 0} | one_kind
    return estimator(**options | parameters)


def held_out(fitted):
    return [member.held_out for member in fitted.estimators_]


def splits(validation, n_folds, weights=None, groups=None):
    """(training, validation) samples of labels."""
    y = Y[TabularClassifier]
    targets, y = net(TabularClassifier)._learn_targets(y)
    data = Dataset.of(X, y, weights, targets, groups=groups)
    encoded = Encoded(X, rows=None, targets=y, weights=weights, n_numbers=X.shape[1])
    return folds(validation, n_folds, data, encoded, targets, np.random.RandomState(0))


# ---- groups --------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("validation", ["cv", "holdout"])
def test_a_group_is_on_one_side(estimator, validation):
    fitted = net(estimator, validation=validation).fit(X, Y[estimator], groups=GROUPS)
    for fold in held_out(fitted):
        groups = np.unique(GROUPS[fold])
        assert 0 < len(groups) < 20
        np.testing.assert_array_equal(np.sort(fold), np.flatnonzero(np.isin(GROUPS, groups)))


def test_groups_of_strings_and_samples_without_weight():
    weights = np.ones(N)
    weights[::7] = 0
    for inside, outside in splits("cv", 3, weights, GROUPS.astype(str)):
        assert not set(GROUPS[inside]) & set(GROUPS[outside])
        np.testing.assert_array_equal(
            np.sort(np.concatenate([inside, outside])), np.flatnonzero(weights)
        )


def test_fewer_groups_than_members():
    first, second, third = [outside for _, outside in splits("cv", 3, groups=GROUPS % 2)]
    assert {*GROUPS[first] % 2} | {*GROUPS[second] % 2} == {0, 1}
    np.testing.assert_array_equal(first, third)


@BOTH
def test_bad_groups(estimator):
    y = Y[estimator]
    with pytest.raises(ValueError, match="groups holds a single group"):
        net(estimator).fit(X, y, groups=np.zeros(N))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        net(estimator).fit(X, y, groups=GROUPS[1:])
    with pytest.raises(ValueError, match="groups is provided, but X_val"):
        net(estimator).fit(X, y, groups=GROUPS, X_val=X, y_val=y)


@config_context(enable_metadata_routing=True)
def test_groups_are_routed():
    estimator = net(TabularClassifier).set_fit_request(groups=True)
    y = Y[TabularClassifier]
    found = cross_validate(
        estimator,
        X,
        y,
        cv=GroupKFold(2),
        params={"groups": GROUPS},
        return_estimator=True,
        return_indices=True,
    )
    for fitted, train in zip(found["estimator"], found["indices"]["train"], strict=True):
        for fold in held_out(fitted):
            inside = np.setdiff1d(np.arange(len(train)), fold)
            assert not set(GROUPS[train[fold]]) & set(GROUPS[train[inside]])


# ---- splitters -----------------------------------------------------------------------------------


def test_the_last_splits_of_time():
    found = splits(TimeSeriesSplit(5), 2)
    expected = list(TimeSeriesSplit(5).split(X))[-2:]
    for given, split in zip(found, expected, strict=True):
        for part, samples in zip(given, split, strict=True):
            np.testing.assert_array_equal(part, samples)


@BOTH
def test_a_splitter_has_groups_and_the_frame(estimator):
    class Seeing(GroupShuffleSplit):
        def split(self, X, y=None, groups=None):
            seen.append((list(X.columns), groups))
            return super().split(X, y, groups)

    seen: list = []
    frame = pd.DataFrame(X, columns=list("abc"))
    fitted = net(estimator, validation=Seeing(1, random_state=0))
    fitted.fit(frame, Y[estimator], groups=GROUPS)
    assert seen[0][0] == list("abc")
    np.testing.assert_array_equal(seen[0][1], GROUPS)
    first, *others = held_out(fitted)  # one split, of which all members have their own seeds
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("validation", [KFold(2), list(KFold(2).split(X))], ids=["KFold", "list"])
def test_members_of_both_kinds_share_a_split(validation):
    fitted = net(TabularClassifier, n_members=4, n_thresholds="auto", validation=validation)
    a, b, c, d = held_out(fitted.fit(X, Y[TabularClassifier]))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(c, d)
    np.testing.assert_array_equal(np.sort(np.concatenate([a, c])), np.arange(N))


def test_few_samples_have_the_splits_that_were_asked_for():
    few = net(TabularRegressor, n_members=1, validation=KFold(2))
    with pytest.warns(UserWarning, match="say little about its best epoch"):
        fitted = few.fit(X[:8], X[:8, 0])
    assert len(held_out(fitted)[0]) == 4


def test_splits_without_samples():
    class Empty(KFold):
        def split(self, X, y=None, groups=None):
            yield np.arange(N), np.arange(0)

    with pytest.raises(ValueError, match="must leave samples to train on"):
        net(TabularRegressor, validation=Empty()).fit(X, X[:, 0])


# ---- chosen samples ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "validation",
    [np.arange(90, N), list(range(-30, 0)), np.arange(N) >= 90],
    ids=["numbers", "from the end", "mask"],
)
def test_chosen_samples(validation):
    fitted = net(TabularClassifier, validation=validation).fit(X, Y[TabularClassifier])
    for fold in held_out(fitted):
        np.testing.assert_array_equal(fold, np.arange(90, N))


def test_too_few_chosen_samples_are_warned_of():
    with pytest.warns(UserWarning, match="leaves a member 3 to validate on"):
        net(TabularRegressor, validation=[1, 2, 3]).fit(X, X[:, 0])


def test_chosen_samples_without_weight_are_left_out():
    weights = np.ones(N)
    weights[[0, 95]] = 0
    ((inside, outside),) = splits(np.arange(90, N), 1, weights)
    np.testing.assert_array_equal(inside, np.arange(1, 90))
    np.testing.assert_array_equal(outside, np.setdiff1d(np.arange(90, N), [95]))


@BOTH
@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ([0.5, 0.7], "must hold the numbers of the validation samples"),
        (np.ones((N, 1), int), "must hold the numbers of the validation samples"),
        ([], "must hold the numbers of the validation samples"),
        ([5, N], f"validation=5 to {N} must be numbers of the {N} samples"),
        (np.ones(7, bool), f"7 bools, but there are {N} samples"),
        (np.ones(N, bool), "must leave samples to train on"),
        (np.zeros(N, bool), "must leave samples to train on"),
    ],
    ids=["floats", "column", "empty", "beyond", "short mask", "all", "none"],
)
def test_bad_choices(estimator, validation, message):
    with pytest.raises(ValueError, match=message):
        net(estimator, validation=validation).fit(X, Y[estimator])


def test_groups_beside_chosen_samples():
    with pytest.raises(ValueError, match="names the validation samples itself"):
        net(TabularRegressor, validation=[1, 2, 3]).fit(X, X[:, 0], groups=GROUPS)


# ---- copies --------------------------------------------------------------------------------------


@BOTH
def test_copies_are_on_one_side(estimator):
    rows = np.concatenate([np.arange(N), RANDOM.integers(0, N, 60)])
    fitted = net(estimator).fit(X[rows], Y[estimator][rows])
    for fold in held_out(fitted):
        assert not set(rows[fold]) & set(np.delete(rows, fold))


def test_equal_samples_of_few_values_are_no_copies():
    rows = np.tile(np.arange(8), 60)
    few = np.stack([rows // 4, rows // 2 % 2, rows % 2], axis=1).astype(float)
    fitted = net(TabularClassifier).fit(few, RANDOM.integers(0, 2, len(few)))
    for fold in held_out(fitted):
        assert len(np.unique(rows[fold])) == 8


def test_a_few_copies_are_the_data_s_own():
    few = np.concatenate([X, X[:20]])
    np.testing.assert_array_equal(distinct(few, 3)[0], np.arange(N + 20))
