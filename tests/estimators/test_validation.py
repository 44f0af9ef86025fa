"""Validation data, scoring and early stopping."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.linear_model import LinearRegression
from sklearn.metrics import f1_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from tests.estimators.samples import (
    COLUMNS,
    LABELS,
    TARGETS,
    X,
    Y,
    classifier,
    regressor,
    same_bits,
)

X_TRAIN, X_VAL, Y_TRAIN, Y_VAL = train_test_split(X, Y, random_state=0, test_size=0.3)
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}
AUTO = {"early_stopping": "auto", "dtype": "float64", "max_iter": 30}
WEIGHTS_VAL = np.linspace(0.1, 2, len(Y_VAL))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("weights", [None, WEIGHTS_VAL])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_curves_end_at_the_best_weights(make, weights, solver):
    fitted = make(solver=solver, tol=0.001, n_iter_no_change=4, **AUTO)
    fitted.fit(X_TRAIN, Y_TRAIN, sample_weight_val=weights, **VALIDATION)
    scores, losses = fitted.validation_scores_, fitted.validation_loss_curve_
    assert len(scores) == len(losses) == len(fitted.loss_curve_) == fitted.n_iter_
    assert fitted.best_validation_score_ == max(scores)
    assert np.isclose(fitted.score(X_VAL, Y_VAL, sample_weight=weights), max(scores))
    if make is classifier:
        loss = log_loss(Y_VAL, fitted.predict_proba(X_VAL), sample_weight=weights)
    else:
        predicted = fitted.predict(X_VAL)
        loss = mean_squared_error(Y_VAL, predicted, sample_weight=weights) / 2
    best = np.flatnonzero(np.equal(scores, max(scores)))
    np.testing.assert_allclose(loss, np.take(losses, best).min(), rtol=1e-6)


def test_validation_data_change_nothing_but_when_to_stop():
    watched = classifier(**AUTO, tol=0, n_iter_no_change=1000)
    watched.fit(X_TRAIN, Y_TRAIN, **VALIDATION)
    plain = classifier(**AUTO | {"early_stopping": False}, tol=0).fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(watched.loss_curve_, plain.loss_curve_)
    assert plain.validation_scores_ is plain.validation_loss_curve_ is None
    assert same_bits(
        classifier(**AUTO).fit(X, Y), classifier(**AUTO | {"early_stopping": False}).fit(X, Y)
    )


def test_true_splits_unless_validation_data_are_given():
    given = classifier(**AUTO | {"early_stopping": True}).fit(X_TRAIN, Y_TRAIN, **VALIDATION)
    assert same_bits(given, classifier(**AUTO).fit(X_TRAIN, Y_TRAIN, **VALIDATION))
    split = classifier(early_stopping=True, max_iter=1).fit(X, Y)
    assert split.t_ == 135  # 15 rows validate
    assert split.validation_scores_[0] in np.arange(16) / 15


CONTRADICTIONS = {
    "False": (False, VALIDATION, "early_stopping is False"),
    "no y": ("auto", {"X_val": X_VAL}, "X_val is provided, but y_val was not"),
    "no X": (True, {"y_val": Y_VAL}, "y_val is provided, but X_val was not"),
    "only weights": (
        "auto",
        {"sample_weight_val": WEIGHTS_VAL},
        "sample_weight_val is provided, but X_val was not",
    ),
    "lengths": ("auto", {"X_val": X_VAL, "y_val": Y_VAL[1:]}, "inconsistent numbers"),
    "nan": ("auto", {"X_val": X_VAL * np.nan, "y_val": Y_VAL}, "NaN"),
    "too large": ("auto", {"X_val": X_VAL * 1e40, "y_val": Y_VAL}, "too large"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_raise(case):
    early_stopping, given, message = CONTRADICTIONS[case]
    for estimator in (classifier(), regressor()):
        with pytest.raises(ValueError, match=message):
            estimator.set_params(early_stopping=early_stopping).fit(X, Y, **given)
        assert not hasattr(estimator, "n_features_in_")
        if case != "False":
            classes = {"classes": [0, 1, 2]} if hasattr(estimator, "class_weight") else {}
            with pytest.raises(ValueError, match=message):
                estimator.set_params(early_stopping=False).partial_fit(X, Y, **classes, **given)


@pytest.mark.parametrize("y", [Y_VAL + 1, Y_VAL.astype(str)])
def test_unknown_labels_raise(y):
    with pytest.raises(ValueError, match="classes not in"):
        classifier(**AUTO).fit(X_TRAIN, Y_TRAIN, X_val=X_VAL, y_val=y)


def test_outputs_must_agree():
    with pytest.raises(ValueError, match="2 outputs"):
        regressor(**AUTO).fit(X, Y, X_val=X, y_val=X[:, :2])


@pytest.mark.parametrize("dropout", [0.0, (0.2, 0.1)])
@pytest.mark.parametrize("sparse_val", [True, False])
@pytest.mark.parametrize("sparse", [True, False])
def test_sparse_and_dense_may_meet(sparse, sparse_val, dropout):
    form = {True: sp.csc_matrix, False: np.asarray}
    parameters = {**AUTO, "dropout": dropout}
    fitted = classifier(**parameters).fit(
        form[sparse](X_TRAIN), Y_TRAIN, X_val=form[sparse_val](X_VAL), y_val=Y_VAL
    )
    wanted = classifier(**parameters).fit(form[sparse](X_TRAIN), Y_TRAIN, **VALIDATION)
    np.testing.assert_allclose(fitted.validation_loss_curve_, wanted.validation_loss_curve_)


@pytest.mark.parametrize("kind", TARGETS)
def test_every_target_is_validated(kind):
    y = TARGETS[kind]
    fitted = classifier(**AUTO).fit(X, y, X_val=X, y_val=y)
    assert np.isclose(fitted.score(X, y), fitted.best_validation_score_)
    split = classifier(early_stopping=True).fit(X, y)
    assert len(split.validation_scores_) == split.n_iter_


@pytest.mark.parametrize("y", [Y_VAL[:, None], sp.csr_matrix(LABELS)])
def test_forms_of_y_val(y):
    if sp.issparse(y):
        fitted = classifier(**AUTO).fit(X, LABELS, X_val=X, y_val=y)
        other = classifier(**AUTO).fit(X, LABELS, X_val=X, y_val=LABELS)
    else:
        fitted = regressor(**AUTO).fit(X_TRAIN, Y_TRAIN, X_val=X_VAL, y_val=y)
        other = regressor(**AUTO).fit(X_TRAIN, Y_TRAIN, **VALIDATION)
    assert fitted.validation_scores_ == other.validation_scores_


# ---- scoring -------------------------------------------------------------------------------------


def own_scorer(estimator, X, y, sample_weight=None):
    return -log_loss(y, estimator.predict_proba(X), sample_weight=sample_weight)


SCORINGS = {
    "f1_macro": lambda e, w: f1_score(Y_VAL, e.predict(X_VAL), average="macro", sample_weight=w),
    "loss": lambda e, w: own_scorer(e, X_VAL, Y_VAL, w),
    "neg_log_loss": lambda e, w: own_scorer(e, X_VAL, Y_VAL, w),
    own_scorer: lambda e, w: own_scorer(e, X_VAL, Y_VAL, w),
    None: lambda e, w: e.score(X_VAL, Y_VAL, w),
}


@pytest.mark.parametrize("weights", [None, WEIGHTS_VAL])
@pytest.mark.parametrize("scoring", SCORINGS, ids=lambda s: getattr(s, "__name__", str(s)))
def test_scoring(scoring, weights):
    fitted = classifier(scoring=scoring, **AUTO)
    fitted.fit(X_TRAIN, Y_TRAIN, sample_weight_val=weights, **VALIDATION)
    np.testing.assert_allclose(fitted.best_validation_score_, SCORINGS[scoring](fitted, weights))


def test_a_scorer_sees_the_weights_of_its_epoch():
    seen = []

    def scorer(estimator, X, y):
        seen.append([c.copy() for c in estimator.coefs_])
        assert estimator.predict(X).shape == y.shape
        return len(seen)

    regressor(scoring=scorer, early_stopping="auto").fit(X, Y, X_val=X, y_val=Y)
    assert len({c[0].tobytes() for c in seen}) == len(seen) == 5


def test_scoring_of_the_regressor():
    fitted = regressor(scoring="r2", **AUTO).fit(X_TRAIN, Y_TRAIN, **VALIDATION)
    np.testing.assert_allclose(
        fitted.best_validation_score_, r2_score(Y_VAL, fitted.predict(X_VAL))
    )
    plain = regressor(**AUTO).fit(X_TRAIN, Y_TRAIN, **VALIDATION)
    np.testing.assert_allclose(plain.validation_scores_, fitted.validation_scores_)


# ---- pipelines -----------------------------------------------------------------------------------


def test_in_a_pipeline():
    net = classifier(**AUTO)
    with config_context(enable_metadata_routing=True):
        net.set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("net", net)]
        model = Pipeline(steps, transform_input=["X_val"])
        model.fit(X_TRAIN * 10 + 3, Y_TRAIN, X_val=X_VAL * 10 + 3, y_val=Y_VAL)
    scaler = StandardScaler().fit(X_TRAIN)
    alone = classifier(**AUTO).fit(
        scaler.transform(X_TRAIN), Y_TRAIN, X_val=scaler.transform(X_VAL), y_val=Y_VAL
    )
    np.testing.assert_allclose(
        model["net"].validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-6
    )


def test_in_a_search_with_weights():
    net = classifier(**AUTO)
    with config_context(enable_metadata_routing=True):
        net.set_fit_request(X_val=True, y_val=True, sample_weight=True)
        net.set_score_request(sample_weight=True)
        search = GridSearchCV(net, {"alpha": [0.1, 1]}, cv=2)
        search.fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight=np.ones(len(X)))
    assert search.best_estimator_.validation_scores_


# ---- the holdout of early_stopping=True ----------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "rows", "y"),
    [
        (regressor, 5, Y),
        (classifier, 5, np.arange(150) % 2),
        (classifier, 6, Y * 0 + np.arange(150) % 3),
        (classifier, 5, COLUMNS),
    ],
)
def test_a_holdout_too_small_is_none(make, rows, y):
    with pytest.warns(UserWarning, match="too few: training continues without early stopping"):
        fitted = make(early_stopping=True).fit(X[:rows], y[:rows])
    assert fitted.t_ == rows * fitted.n_iter_
    assert fitted.validation_scores_ is None
    assert same_bits(fitted, make().fit(X[:rows], y[:rows]))


def test_a_rare_class_of_several_is_not_stratified():
    y = np.where(np.arange(150) == 0, 3, Y)
    fitted = classifier(early_stopping=True).fit(X, y)
    assert len(fitted.validation_scores_) == 5
    with pytest.raises(ValueError, match="only 1 member"):
        classifier(early_stopping=True).fit(X, np.arange(150) == 0)


def test_two_rows_raise_as_in_scikit_learn():
    with pytest.raises(ValueError, match="validation set is too small"):
        regressor(early_stopping=True).fit(X[:2], Y[:2])


@pytest.mark.parametrize(("solver", "tol"), [("adam", 0.01), ("lbfgs", 1e-8)])
def test_patience_stops(solver, tol):
    parameters = {"early_stopping": True, "n_iter_no_change": 2, "tol": tol, "max_iter": 500}
    fitted = classifier(solver=solver, **parameters).fit(X, Y)
    scores = fitted.validation_scores_
    assert 3 < fitted.n_iter_ < 500
    assert max(scores[-3:]) < max(scores[:-3]) + tol


def test_stopping_late_beats_a_line():
    """Early stopping on validation data finds what is worth learning."""
    target = np.sin(2 * X[:, 0]) + X[:, 1]
    parameters = {"max_iter": 500, "tol": 0, "n_iter_no_change": 50, "hidden_layer_sizes": 30}
    net = regressor(early_stopping="auto", **parameters)
    net.fit(X[::2], target[::2], X_val=X[1::2], y_val=target[1::2])
    line = LinearRegression().fit(X[::2], target[::2])
    assert net.score(X[1::2], target[1::2]) > line.score(X[1::2], target[1::2]) + 0.1
