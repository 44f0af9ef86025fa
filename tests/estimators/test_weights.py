"""Sample weights and class weights."""

import numpy as np
import pytest
from sklearn.metrics import make_scorer
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from sknn.inputs.dataset import _takes_weights
from tests.estimators.samples import (
    COLUMNS,
    LABELS,
    NUMBERS,
    X_NUMBERS,
    N,
    X,
    Y,
    classifier,
    cnn,
    mixer,
    regressor,
    same_bits,
    tabular,
    weights_of,
)

FULL_BATCH = {"batch_size": 10_000, "dtype": "float64", "max_iter": 10}
IGNORE_CLIPPING = pytest.mark.filterwarnings("ignore:Got `batch_size`")
COUNTS = np.random.RandomState(0).randint(0, 3, len(X))
ROWS = np.repeat(np.arange(len(X)), COUNTS)
SOLVERS = ["adam", "sgd", "lbfgs"]


@IGNORE_CLIPPING
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("more", [{}, {"class_weight": "balanced"}, {"class_weight": {1: 3.0}}])
def test_weights_are_repetitions(solver, more):
    parameters = {**FULL_BATCH, "solver": solver, "tol": 1e-12, **more}
    a = classifier(**parameters).fit(X, Y, sample_weight=COUNTS)
    b = classifier(**parameters).fit(X[ROWS], Y[ROWS])
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-8)


@IGNORE_CLIPPING
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"]
)
def test_weights_are_repetitions_for_numbers(loss, solver):
    parameters = {**FULL_BATCH, "solver": solver, "loss": loss, "max_iter": 5}
    y = Y + (loss == "gamma")
    a = regressor(**parameters).fit(X, y, sample_weight=COUNTS)
    b = regressor(**parameters).fit(X[ROWS], y[ROWS])
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("more", [{}, {"batch_size": 16}, {"early_stopping": True}])
def test_a_weight_of_zero_is_no_row(more):
    weights = (COUNTS > 0).astype(float)
    a = classifier(**more).fit(X, Y, sample_weight=weights)
    b = classifier(**more).fit(X[COUNTS > 0], Y[COUNTS > 0])
    assert a.t_ == b.t_
    if more == {"batch_size": 16}:  # the shuffle draws numbers of rows, not their values
        a, b = (e.set_params(shuffle=False) for e in (a, b))
        a.fit(X, Y, sample_weight=weights)
        b.fit(X[COUNTS > 0], Y[COUNTS > 0])
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-5, atol=1e-6)


def test_all_ones_are_no_weights():
    a = classifier(dtype="float64").fit(X, Y)
    b = classifier(dtype="float64").fit(X, Y, sample_weight=np.ones(len(X)))
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(len(X)), "zero for every sample|one non-zero number"),
        (np.where(Y == 0, -1.0, 1.0), "must be >= 0"),
        (np.where(Y == 0, np.nan, 1.0), "NaN"),
        (np.ones(3), "shape"),
        (np.full(len(X), 1e-60), "float32"),
        (np.full(len(X), 1e60), "float32"),
    ],
)
def test_wrong_weights_raise(weights, message):
    for estimator in (classifier(), regressor()):
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, Y, sample_weight=weights)
        assert not hasattr(estimator, "coefs_")
        fitted = estimator.set_params(early_stopping="auto").fit(X, Y)
        with pytest.raises(ValueError, match=message):
            fitted.fit(X, Y, X_val=X, y_val=Y, sample_weight_val=weights)


# ---- class weights -------------------------------------------------------------------------------

UNEVEN = np.flatnonzero((Y != 1) | (np.arange(len(Y)) % 5 == 0))
XU, YU = X[UNEVEN], Y[UNEVEN]


@pytest.mark.parametrize("given", ["balanced", {0: 1.0, 1: 5.0, 2: 0.5}, {1: 5.0}])
@pytest.mark.parametrize("sample_weight", [None, np.linspace(0.5, 2, len(YU))])
def test_class_weights_multiply_sample_weights(given, sample_weight):
    a = classifier(class_weight=given).fit(XU, YU, sample_weight=sample_weight)
    of_classes = {c: given.get(c, 1.0) for c in range(3)} if given != "balanced" else None
    if of_classes is None:
        rows = np.ones(len(YU)) if sample_weight is None else sample_weight
        mass = np.bincount(YU, weights=rows)
        of_classes = dict(enumerate(mass.sum() / (3 * mass)))
    product = np.vectorize(of_classes.get)(YU)
    product = product if sample_weight is None else product * sample_weight
    b = classifier().fit(XU, YU, sample_weight=product)
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-5, atol=1e-6)


def test_balanced_is_scikit_learns_without_sample_weights():
    weights = dict(enumerate(compute_class_weight("balanced", classes=np.arange(3), y=YU)))
    a, b = (classifier(class_weight=w).fit(XU, YU) for w in ("balanced", weights))
    np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-5, atol=1e-6)
    assert not np.allclose(weights_of(a), weights_of(classifier().fit(XU, YU)))


def test_class_weights_of_strings_and_bools():
    for y, heavy in [(np.array(list("abc"))[YU], "b"), (YU == 1, True)]:
        a = classifier(class_weight={heavy: 7.0}).fit(XU, y)
        b = classifier().fit(XU, y, sample_weight=np.where(YU == 1, 7.0, 1.0))
        assert same_bits(a, b)


@pytest.mark.parametrize("y", [LABELS, COLUMNS])
def test_class_weights_of_several_columns(y):
    dicts = [{0: 1.0, 1: 3.0}] * 3
    for given in ("balanced", dicts):
        a = classifier(class_weight=given).fit(X, y)
        b = classifier().fit(X, y, sample_weight=_products(given, y))
        np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-4, atol=1e-5)
    for wrong, message in [(dicts[:2], "2 dicts for 3"), ({0: 1.0}, "list of dict")]:
        with pytest.raises(ValueError, match=message):
            classifier(class_weight=wrong).fit(X, y)


def _products(given, y):
    if given == "balanced":
        return compute_sample_weight("balanced", y)
    return np.prod([compute_sample_weight({0: 1.0, 1: 3.0, 2: 1.0}, c) for c in y.T], axis=0)


def test_a_class_weight_of_zero_drops_the_class():
    a = classifier(class_weight={1: 0.0}, max_iter=50).fit(X, Y)
    assert 1 not in a.predict(X)
    assert list(a.classes_) == [0, 1, 2]


def test_batches_without_a_weighted_class_are_fine():
    given = {0: 1.0, 1: 2.0}
    whole = classifier(class_weight=given).partial_fit(X, Y, classes=[0, 1, 2])
    whole.partial_fit(X[Y == 2], Y[Y == 2])
    assert whole.t_ == len(X) + (Y == 2).sum()


@pytest.mark.parametrize("scoring", [None, "loss", "accuracy", "neg_log_loss"])
@pytest.mark.parametrize("make", [classifier, cnn, tabular])
def test_class_weights_are_sample_weights_in_every_score(make, scoring):
    """With validation data, and with a part of the training data that is held out."""
    weights = np.where(YU == 1, 5.0, 1.0)
    for early, validation in (("auto", {"X_val": XU, "y_val": YU}), (True, {})):
        more = {"scoring": scoring}
        if make is not tabular:
            more["early_stopping"] = early
        a = make(class_weight={0: 1.0, 1: 5.0, 2: 1.0}, **more).fit(XU, YU, **validation)
        if validation:
            validation["sample_weight_val"] = weights
        b = make(**more).fit(XU, YU, weights, **validation)
        assert list(a.validation_scores_) == list(b.validation_scores_)
        np.testing.assert_array_equal(a.predict_proba(XU), b.predict_proba(XU))


def test_a_scorer_of_any_keywords_has_class_weights():
    seen = []

    def scorer(estimator, X, y, **weights):
        seen.append(weights)
        return estimator.score(X, y)

    given = {"scoring": scorer, "early_stopping": True, "max_iter": 1}
    classifier(class_weight={1: 3.0}, **given).fit(X, Y)
    (weights,) = seen
    assert set(weights["sample_weight"]) == {1.0, 3.0}


def test_a_builtin_has_no_signature():
    """One that scores arrays is hard to find, so not by a fit."""
    assert not _takes_weights(make_scorer(max))


def test_class_weights_are_no_hindrance_to_a_scorer_without_weights():
    def scorer(estimator, X, y):
        return estimator.score(X, y)

    given = {"scoring": scorer, "early_stopping": True}
    fitted = classifier(class_weight={1: 5.0}, **given).fit(XU, YU)
    assert len(fitted.validation_scores_) == 5
    with pytest.raises(TypeError, match="sample_weight"):
        classifier(**given).fit(XU, YU, np.ones(len(YU)))


@pytest.mark.parametrize("make", [classifier, cnn, mixer, tabular])
def test_class_weights_may_name_classes_that_a_fold_lacks(make):
    """scikit-learn's rule: what is named in vain is an error if another class has no weight."""
    some = Y < 2
    a = make(class_weight={0: 1.0, 1: 2.0, 2: 3.0}).fit(X[some], Y[some])
    b = make(class_weight={0: 1.0, 1: 2.0}).fit(X[some], Y[some])
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))
    for named in ({0: 1.0, "1": 2.0}, {np.int64(7): 2.0}):
        with pytest.raises(ValueError, match=r"class_weight names \[('1'|7)\], .* no weight to \["):
            make(class_weight=named).fit(X[some], Y[some])
    columns = [{0: 1.0, 1: 3.0, 2: 9.0}] * 3
    if make is classifier:
        a, b = (make(class_weight=w).fit(X, LABELS) for w in (columns, [{0: 1.0, 1: 3.0}] * 3))
        assert same_bits(a, b)


@pytest.mark.parametrize(
    ("given", "sample_weight", "message"),
    [
        ({0: 1, 1: -1}, None, "class_weight must be numbers >= 0; that of the class 1 is -1"),
        ({np.int64(1): np.nan}, None, "that of the class 1 is nan"),
        ({0: "heavy"}, None, "that of the class 0 is 'heavy'"),
        ({0: 0, 1: 0, 2: 0}, None, "^class_weight is zero for every sample"),
        ({0: 1e-30, 1: 1e39}, None, "^class_weight is between"),
        ({0: 1e-30}, np.full(N, 1e-30), "^sample_weight times class_weight is between"),
    ],
)
def test_wrong_class_weights(given, sample_weight, message):
    with pytest.raises(ValueError, match=message):
        classifier(class_weight=given).fit(X, Y, sample_weight)


@pytest.mark.parametrize("solver", SOLVERS)
def test_weighted_loss_is_the_weighted_mean(solver):
    weights = np.random.RandomState(1).uniform(0, 2, len(NUMBERS))
    parameters = {"solver": solver, "alpha": 0, "dtype": "float64", "max_iter": 1}
    parameters |= {"learning_rate_init": 1e-300, "max_fun": 1, "batch_size": len(NUMBERS)}
    fitted = regressor(**parameters).fit(X_NUMBERS, NUMBERS, sample_weight=weights)
    residuals = fitted.predict(X_NUMBERS) - NUMBERS
    if solver != "lbfgs":
        assert np.isclose(fitted.loss_, np.average(residuals**2, weights=weights) / 2)
