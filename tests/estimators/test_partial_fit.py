"""partial_fit and warm_start: going on."""

import numpy as np
import pytest

from sknn import MLPClassifier
from sknn.optimizers import SGD, Adam
from tests.estimators.samples import (
    LABELS,
    TARGETS,
    X,
    Y,
    classifier,
    regressor,
    same_bits,
    weights_of,
)

MANY_BATCHES = {"batch_size": 40}
FIRST = {
    "binary": {"classes": [False, True]},
    "multiclass": {"classes": [0, 1, 2]},
    "multilabel": {"classes": [0, 1, 2]},
    "columns": {"classes": [[0, 1, 2], [0, 1, 2], [0, 1]]},
    "strings": {"classes": ["setosa", "versicolor", "virginica"]},
}


@pytest.mark.parametrize("kind", FIRST)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"solver": "sgd"},
        {"solver": Adam(beta_1=0.5), "dropout": 0.2},
        {"learning_rate": "cosine", "warmup": 0.5},
        {"learning_rate": "invscaling", "dtype": "float64"},
        {"class_weight": "balanced", "label_smoothing": 0.1},
    ],
)
def test_pieces_are_the_whole(kind, more):
    y = TARGETS[kind]
    if more.get("class_weight") and kind == "columns":
        pytest.skip("one batch of class weights is like another")
    parameters = {**MANY_BATCHES, **more}
    whole = classifier(**parameters).fit(X, y)
    pieces = classifier(**parameters)
    for k in range(5):
        pieces.partial_fit(X, y, **(FIRST[kind] if k == 0 else {}))
    assert same_bits(whole, pieces)
    assert whole.loss_curve_ == pieces.loss_curve_
    assert whole.t_ == pieces.t_
    assert pieces.n_iter_ == 1


def test_pieces_are_the_whole_for_numbers():
    whole = regressor(**MANY_BATCHES).fit(X, X[:, :2])
    pieces = regressor(**MANY_BATCHES)
    for _ in range(5):
        pieces.partial_fit(X, X[:, :2])
    assert same_bits(whole, pieces)


def test_pieces_with_validation_data_record_the_curves():
    whole = classifier(early_stopping="auto", tol=0, **MANY_BATCHES)
    whole.fit(X, Y, X_val=X, y_val=Y)
    for early_stopping in ("auto", False):
        pieces = classifier(early_stopping=early_stopping, **MANY_BATCHES)
        for _ in range(5):
            pieces.partial_fit(X, Y, classes=[0, 1, 2], X_val=X, y_val=Y)
        assert pieces.validation_scores_ == whole.validation_scores_
        assert pieces.validation_loss_curve_ == whole.validation_loss_curve_
        assert pieces.best_validation_score_ == whole.best_validation_score_
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        classifier(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2])


def test_classes_of_partial_fit():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        classifier().partial_fit(X, Y)
    only = Y == 1
    fitted = classifier().partial_fit(X[only], Y[only], classes=[2, 1, 0, 7])
    assert list(fitted.classes_) == [0, 1, 2, 7]
    assert fitted.predict_proba(X).shape == (len(X), 4)
    fitted.partial_fit(X, Y).partial_fit(X, Y, classes=[0, 1, 2, 7])
    for call in (
        lambda: fitted.partial_fit(X, Y + 3),
        lambda: fitted.partial_fit(X, Y, classes=[0, 1, 2]),
        lambda: classifier().partial_fit(X, Y, classes=[0, 1]),
    ):
        with pytest.raises(ValueError, match="classes"):
            call()
    one_of_two = classifier().partial_fit(X[only], Y[only], classes=[0, 1])
    assert one_of_two.predict_proba(X).shape == (len(X), 2)


def test_several_labels_learn_in_pieces_as_well_as_at_once():
    pieces = classifier(max_iter=200)
    for _ in range(200):
        pieces.partial_fit(X, LABELS, classes=[0, 1, 2])
    assert pieces.score(X, LABELS) > 0.9
    assert (
        abs(
            pieces.score(X, LABELS)
            - classifier(max_iter=200, tol=0).fit(X, LABELS).score(X, LABELS)
        )
        < 0.05
    )


def test_one_row_at_a_time():
    fitted = classifier(learning_rate_init=0.03)
    order = np.random.RandomState(0).permutation(len(X))
    for _ in range(3):
        for i in order:
            fitted.partial_fit(X[i : i + 1], Y[i : i + 1], classes=[0, 1, 2])
    assert fitted.score(X, Y) > 0.85
    assert fitted.t_ == 3 * len(X)


def test_lbfgs_has_no_partial_fit():
    assert not hasattr(classifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        classifier(solver="lbfgs").partial_fit(X, Y)


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32"), (None, None)])
def test_the_precision_may_change(dtypes):
    fitted = regressor(dtype=dtypes[0]).partial_fit(X, Y)
    fitted.set_params(dtype=dtypes[1]).partial_fit(X.astype(np.float32), Y)
    assert fitted.coefs_[0].dtype == (dtypes[1] or "float64")  # None stays with what it began with
    assert np.isfinite(weights_of(fitted)).all()


def test_another_solver_starts_its_moments_anew():
    fitted = classifier().partial_fit(X, Y, classes=[0, 1, 2])
    fitted.set_params(solver=SGD()).partial_fit(X, Y)
    assert len(fitted._optimizer.slots) == 1


def test_partial_fit_after_fit_goes_on_from_its_weights():
    fitted = classifier(max_iter=100).fit(X, Y)
    before = fitted.loss_
    curve = list(fitted.loss_curve_)
    fitted.partial_fit(X, Y)
    assert fitted.loss_ < before * 1.1
    assert fitted.loss_curve_[:-1] == curve


# ---- warm starts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_warm_start_goes_on(solver):
    warm = classifier(warm_start=True, solver=solver).fit(X, Y)
    first = warm.loss_
    curve = list(warm.loss_curve_)
    warm.fit(X, Y)
    assert warm.loss_ < first
    assert warm.loss_curve_[: len(curve)] == curve
    assert warm.n_iter_ == 5
    assert same_bits(
        warm.set_params(warm_start=False).fit(X, Y), classifier(solver=solver).fit(X, Y)
    )


def test_a_warm_start_does_not_lose_the_best():
    warm = classifier(warm_start=True, early_stopping="auto", max_iter=20)
    for _ in range(3):
        warm.fit(X, Y, X_val=X, y_val=Y)
        assert np.isclose(warm.score(X, Y), warm.best_validation_score_)
    assert len(warm.validation_scores_) == 60
    assert warm.best_validation_score_ == max(warm.validation_scores_)


@pytest.mark.parametrize("sizes", [6, (8, 8), ()])
def test_a_warm_start_with_other_sizes_raises(sizes):
    warm = MLPClassifier(8, warm_start=True, max_iter=2, random_state=0).fit(X, Y)
    before = weights_of(warm)
    for call in (warm.fit, warm.partial_fit):
        with pytest.raises(ValueError, match=r"hidden layers .* use fit with warm_start=False"):
            warm.set_params(hidden_layer_sizes=sizes)
            call(X, Y)
    np.testing.assert_array_equal(weights_of(warm), before)


def test_a_warm_start_with_other_classes_raises():
    warm = classifier(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="same classes as in the previous call"):
        warm.fit(X[Y < 2], Y[Y < 2])
