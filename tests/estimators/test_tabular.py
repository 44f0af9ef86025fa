"""The estimators of tables: members, folds, temperature, targets, explanations."""

import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import PartialDependenceDisplay
from sklearn.metrics import log_loss

from sknn import TabularClassifier, TabularRegressor
from sknn.ensemble.calibration import calibrated_loss
from sknn.schedules import Cosine
from tests.estimators.samples import NUMBERS, TARGETS, X_NUMBERS, X, Y, outputs_of

SMALL = {
    "hidden_layer_sizes": 16,
    "dropout": 0.15,
    "max_iter": 12,
    "n_members": 2,
    "random_state": 0,
}
AMOUNTS = np.exp(NUMBERS)


def classifier(**parameters):
    return TabularClassifier(**{**SMALL, **parameters})


def regressor(**parameters):
    return TabularRegressor(**{**SMALL, **parameters})


def test_defaults_learn():
    features, labels = load_breast_cancer(return_X_y=True)
    net = TabularClassifier("fast", random_state=0).fit(features[::2], labels[::2])
    assert net.score(features[1::2], labels[1::2]) > 0.95
    net = TabularRegressor("fast", random_state=0).fit(X_NUMBERS[::2], NUMBERS[::2])
    assert net.score(X_NUMBERS[1::2], NUMBERS[1::2]) > 0.35


def test_lists_of_numbers_and_strings():
    table = [["red", 1.0], ["red", 2.5], ["blue", None], ["blue", 0.5]] * 10
    net = classifier(max_iter=40).fit(table, [1, 1, 0, 0] * 10)
    np.testing.assert_array_equal(net.predict([["blue", 2.0], ["red", 1.0]]), [0, 1])


@pytest.mark.parametrize("kind", TARGETS)
def test_kinds_of_targets(kind):
    y = TARGETS[kind]
    net = classifier(max_iter=40, dropout=0).fit(X, y)
    assert net.predict(X).shape == np.shape(y)
    assert net.score(X, y) > 0.85
    probabilities = net.predict_proba(X)
    for p in probabilities if isinstance(probabilities, list) else [probabilities]:
        assert np.all((p >= 0) & (p <= 1))


PIECES = [
    ("smooth_clip", False),
    ("n_thresholds", 0),
    ("numeric_embedding", None),
    ("scaling_layer", False),
    ("parametrization", "standard"),
    ("parametric_activation", False),
    ("data_driven_init", False),
    ("anneal_regularization", False),
    ("dropout", 0.0),
    ("weight_decay", 0.0),
]


@pytest.mark.parametrize(("name", "value"), PIECES)
def test_every_piece_can_be_left_out(name, value):
    whole = classifier(max_iter=20).fit(X, Y)
    without = classifier(max_iter=20, **{name: value}).fit(X, Y)
    assert without.score(X, Y) > 0.8
    assert not np.allclose(without.decision_function(X), whole.decision_function(X), atol=1e-3)


# ---- members ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"n_members": 3}, {"refit": True}, {"validation": "holdout"}])
def test_the_same_bits_for_any_number_of_threads(more):
    one = classifier(n_threads=1, **more).fit(X, Y)
    three = classifier(n_threads=3, **more).fit(X, Y)
    np.testing.assert_array_equal(one.decision_function(X), three.decision_function(X))
    assert one.best_epochs_ == three.best_epochs_
    assert one.temperature_ == three.temperature_


def test_members_hold_out_folds_of_their_own():
    net = classifier(n_members=5, n_thresholds=0, store_oof_predictions=True).fit(X, Y)
    held_out = np.concatenate([member.held_out for member in net.estimators_])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(len(X)))
    assert net.oof_predictions_.shape == (len(X), 3)
    np.testing.assert_allclose(net.oof_predictions_.sum(axis=1), 1)


@pytest.mark.parametrize(("n", "share"), [(499, 1 / 5), (500, 1 / 10)])
def test_many_samples_hold_out_a_tenth(n, share):
    X = np.random.RandomState(0).randn(n, 2)
    net = classifier(n_members=1, max_iter=1).fit(X, X[:, 0] > 0)
    assert len(net.estimators_[0].held_out) == math.ceil(n * share)


def test_seeds_hold_out_the_same_fold():
    net = classifier(validation="holdout", store_oof_predictions=True).fit(X, Y)
    first, second = net.estimators_
    np.testing.assert_array_equal(first.held_out, second.held_out)
    assert not np.array_equal(first.coefs[-1], second.coefs[-1])
    assert np.isnan(net.oof_predictions_).all(axis=1).sum() == len(X) - len(first.held_out)


def test_the_best_epoch_is_kept():
    net = classifier(n_members=1, scoring="accuracy").fit(X, Y)
    member, scores = net.estimators_[0], net.validation_scores_[0]
    assert len(scores) == SMALL["max_iter"]
    assert scores[member.best_epoch - 1] == max(scores)
    held_out = net.estimators_[0].held_out
    assert net.score(X[held_out], Y[held_out]) == pytest.approx(max(scores))


def test_refit_sees_everything_for_each_members_best_epochs():
    net = classifier(refit=True, n_members=4).fit(X, Y)
    assert len(set(net.best_epochs_)) > 1
    assert [member.n_epochs for member in net.estimators_] == net.best_epochs_
    assert all(member.held_out is None for member in net.estimators_)


def test_validation_data_take_the_place_of_folds():
    net = classifier().fit(X[::2], Y[::2], X_val=X[1::2], y_val=Y[1::2])
    assert all(member.held_out is None for member in net.estimators_)
    assert net.validation_scores_[0][net.best_epochs_[0] - 1] == max(net.validation_scores_[0])
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not"):
        classifier().fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="no validation folds"):
        classifier(store_oof_predictions=True).fit(X, Y, X_val=X, y_val=Y)


def test_a_scorer_may_look_at_other_rows():
    def of_the_first_ten(net, rows, y):
        return net.score(rows[:10], y[:10])

    net = classifier(scoring=of_the_first_ten).fit(X, Y)
    assert all(round(10 * s, 6).is_integer() for scores in net.validation_scores_ for s in scores)


@pytest.mark.parametrize(
    ("learning_rate", "message"),
    [("adaptive", "waits for progress"), (Cosine(final=2.0), "final")],
)
def test_a_schedule_that_does_not_fit(learning_rate, message):
    with pytest.raises(ValueError, match=message):
        classifier(learning_rate=learning_rate).fit(X, Y)


@pytest.mark.parametrize("scoring", ["loss", "balanced_accuracy", "neg_log_loss"])
def test_scoring_of_the_users(scoring):
    net = classifier(scoring=scoring).fit(X, Y)
    assert all(len(scores) == SMALL["max_iter"] for scores in net.validation_scores_)
    member = net.estimators_[0]
    if scoring == "balanced_accuracy":
        assert 0 <= max(member.validation_scores) <= 1
    if scoring == "loss":
        np.testing.assert_allclose(member.validation_scores, -np.array(member.validation_losses))


def test_too_few_samples_to_hold_out():
    net = classifier().fit(X[48:54], Y[48:54])
    assert net.best_epochs_ == [SMALL["max_iter"]] * 2
    with pytest.raises(ValueError, match="asks for 40 folds, but there are 30 samples"):
        classifier(n_members=80).fit(X[::5], Y[::5])


def test_max_time():
    with pytest.warns(ConvergenceWarning, match="stopped after max_time"):
        net = classifier(max_iter=10**6, max_time=0.2).fit(X, Y)
    assert net.n_iter_ < 10**6
    assert net.predict_proba(X).shape == (len(X), 3)


def test_a_weight_of_zero_is_no_row():
    weights = (np.arange(len(X)) % 3 > 0).astype(float)
    spoilt, y = X.copy(), Y.copy()
    spoilt[weights == 0] *= 100
    a = classifier().fit(X, Y, sample_weight=weights)
    b = classifier().fit(spoilt, y, sample_weight=weights)
    np.testing.assert_array_equal(a.decision_function(X), b.decision_function(X))


def test_class_weights_move_predictions():
    y = Y > 1
    plain, heavy = classifier().fit(X, y), classifier(class_weight={True: 50.0}).fit(X, y)
    assert heavy.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()


def test_pickles_are_small_and_equal():
    net = classifier().fit(X, Y)
    net.predict(X)
    data = pickle.dumps(net)
    assert len(data) < 40_000
    np.testing.assert_array_equal(pickle.loads(data).predict_proba(X), net.predict_proba(X))


def test_a_fit_that_fails_leaves_everything_as_it_was():
    net = classifier().fit(X, Y)
    before = net.predict_proba(X)
    with pytest.raises(ValueError, match="infinity"):
        net.fit(np.where(X > 1, np.inf, X), Y)
    np.testing.assert_array_equal(net.predict_proba(X), before)


# ---- temperature ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["binary", "multiclass", "columns", "multilabel"])
def test_temperature_is_that_of_the_least_held_out_loss(kind):
    y = TARGETS[kind]
    smoothed = {"n_members": 10, "label_smoothing": 0.3}
    net = classifier(**smoothed, store_oof_predictions=True).fit(X, y)
    plain = classifier(**smoothed, store_oof_predictions=True, calibrate=False).fit(X, y)
    assert net.temperature_ < 1 == plain.temperature_
    if kind in {"binary", "multiclass"}:
        assert log_loss(y, net.oof_predictions_) < log_loss(y, plain.oof_predictions_)


def test_the_default_score_does_not_depend_on_the_size_of_logits():
    net = classifier().fit(X, Y)
    logits, targets = outputs_of(net, X)[0], net._targets()
    loss = targets.validation_loss
    losses = [calibrated_loss(loss, size * logits, Y[:, None], None) for size in (0.7, 1.0, 1.3)]
    np.testing.assert_allclose(losses, losses[0], rtol=0.1)
    assert losses[1] <= log_loss(Y, targets.transformed(logits * net.temperature_))


def test_a_single_member_has_its_logits_over_the_temperature():
    net = classifier(n_members=1).fit(X, Y > 0)
    warm = net.decision_function(X) * net.temperature_
    cold = outputs_of(net, X)[0].ravel()
    np.testing.assert_allclose(warm, cold, rtol=1e-4, atol=1e-5)


# ---- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_units_of_y_do_not_matter(loss):
    delta = {"delta": 0.5} if loss == "huber" else {}
    scaled = {"delta": 5e6} if loss == "huber" else {}
    a = regressor(loss=loss, **delta).fit(X_NUMBERS, NUMBERS)
    b = regressor(loss=loss, **scaled).fit(X_NUMBERS, 1e7 * NUMBERS - 3e7)
    np.testing.assert_allclose(
        1e7 * a.predict(X_NUMBERS) - 3e7, b.predict(X_NUMBERS), rtol=1e-2, atol=1e5
    )


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_positive_losses(loss):
    net = regressor(loss=loss).fit(X_NUMBERS, AMOUNTS)
    assert (net.predict(X_NUMBERS) > 0).all()
    with pytest.raises(ValueError, match=f"loss='{loss}' needs y >"):
        regressor(loss=loss).fit(X_NUMBERS, NUMBERS)


def test_predictions_stay_in_the_range_of_the_targets():
    net = regressor().fit(X_NUMBERS, NUMBERS)
    far = net.predict(X_NUMBERS * 1e6)
    assert NUMBERS.min() <= far.min() <= far.max() <= NUMBERS.max()


def test_several_quantiles_at_once():
    net = regressor(loss="quantile", quantile=[0.1, 0.5, 0.9], max_iter=40).fit(X_NUMBERS, NUMBERS)
    below = (NUMBERS[:, None] < net.predict(X_NUMBERS)).mean(axis=0)
    np.testing.assert_allclose(below, [0.1, 0.5, 0.9], atol=0.1)
    for wrong in ([0.1, 1.0], []):
        with pytest.raises(ValueError, match="must hold numbers in"):
            regressor(loss="quantile", quantile=wrong).fit(X_NUMBERS, NUMBERS)
    with pytest.raises(ValueError, match="several quantiles need a single column"):
        two = np.column_stack([NUMBERS, NUMBERS])
        regressor(loss="quantile", quantile=[0.1, 0.9]).fit(X_NUMBERS, two)


@pytest.mark.parametrize("columns", [1, 2])
def test_standard_deviations_are_those_of_the_members(columns):
    y = np.column_stack([NUMBERS, -NUMBERS])[:, :columns].squeeze()
    net = regressor().fit(X_NUMBERS, y)
    mean, spread = net.predict(X_NUMBERS, return_std=True)
    assert mean.shape == spread.shape == y.shape
    np.testing.assert_array_equal(mean, net.predict(X_NUMBERS))
    single = clone(net).set_params(n_members=1).fit(X_NUMBERS, y)
    assert spread.min() > 0 == single.predict(X_NUMBERS, return_std=True)[1].max()


# ---- embeddings of numbers --------------------------------------------------------------------------


def table_with_everything(n, seed=0):
    """Numbers with gaps, next to none, many and few categories, a constant; the target is a step."""
    rng = np.random.RandomState(seed)
    x = rng.standard_normal(n)
    table = np.array([x, np.where(x > 2, np.nan, x**3), rng.randint(2, size=n)], dtype=object).T
    levels = [[f"level {i}" for i in rng.randint(12, size=n)], rng.choice(list("uvw"), n), [1] * n]
    return np.column_stack([table, np.array(levels, dtype=object).T]), (x > 0.3) * 1.0


@pytest.mark.parametrize("numeric_embedding", ["periodic", "piecewise_linear", None])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_numeric_embeddings(make, numeric_embedding):
    """Each learns a step, survives a pickle, and predicts single rows as it predicts many."""
    table, y = table_with_everything(300)
    net = make(numeric_embedding=numeric_embedding, max_iter=30).fit(table, y)
    later, wanted = table_with_everything(100, seed=1)
    found = pickle.loads(pickle.dumps(net)).predict(later)
    np.testing.assert_array_equal(found, net.predict(later))
    assert np.mean((found > 0.5) == (wanted > 0.5)) > 0.9
    one = [net.predict(later[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(one, found[:5], rtol=1e-4, atol=1e-5)


def test_numbers_as_targets_bend_lines_from_500_samples_on():
    kinds = {}
    for make, n in ((classifier, 600), (regressor, 499), (regressor, 500)):
        table, y = table_with_everything(n)
        kinds[make, n] = make(max_iter=1).fit(table, y)._architectures[0].embedding
    assert list(kinds.values()) == ["periodic", "periodic", "piecewise_linear"]


def test_embeddings_of_a_table_without_numbers():
    table = np.array([["u", "v"], ["u", "w"], ["x", "v"], ["x", "w"]] * 10, dtype=object)
    net = classifier(numeric_embedding="piecewise_linear", max_iter=30)
    np.testing.assert_array_equal(
        net.fit(table, [0, 0, 1, 1] * 10).predict(table[:4]), [0, 0, 1, 1]
    )


def test_lines_with_bends_are_what_a_step_needs():
    """A jump between two quantiles of a heavy tail, which waves over the scaled numbers see late."""
    rng = np.random.RandomState(0)
    x = np.exp(2 * rng.standard_normal((2000, 3)))
    y = (x[:, 0] > np.quantile(x[:, 0], 14 / 16)) + 0.0
    scores = {
        kind: regressor(numeric_embedding=kind, max_iter=20)
        .fit(x[:1000], y[:1000])
        .score(x[1000:], y[1000:])
        for kind in ("piecewise_linear", None)
    }
    assert scores["piecewise_linear"] > scores[None] + 0.02


@pytest.mark.parametrize("output", [None, 3, -1])
def test_which_output(output):
    with pytest.raises(ValueError, match="must be one of \\[0, 1, 2\\]"):
        classifier().fit(X, Y).input_gradients(X, output)


def test_partial_dependence():
    pytest.importorskip("matplotlib").use("Agg")
    net = classifier().fit(X, Y > 0)
    display = PartialDependenceDisplay.from_estimator(net, X, [0, 1], grid_resolution=5)
    assert len(display.pd_results) == 2
