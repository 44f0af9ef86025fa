"""partial_fit of the estimators of tabular data: streams, and going on after fit."""

import copy
import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification

from sknn import TabularClassifier, TabularRegressor
from sknn.schedules import Constant, Cosine, InverseScaling
from sknn.streams import prefetch
from tests.estimators.samples import TARGETS, X_NUMBERS, X, Y, tabular, tabular_regressor

CLASSES = {"classes": [0, 1, 2]}
FIRST = {
    "binary": {"classes": [False, True]},
    "multiclass": CLASSES,
    "multilabel": CLASSES,
    "columns": {"classes": [[0, 1, 2], [0, 1, 2], [0, 1]]},
    "strings": {"classes": ["setosa", "versicolor", "virginica"]},
}
N = 6000
MANY, MANY_Y = make_classification(
    N, 12, n_informative=6, n_classes=3, class_sep=1.5, flip_y=0.02, random_state=0
)
TEST = slice(5000, N)


def batches(size, end=TEST.start):
    return [slice(start, start + size) for start in range(0, end, size)]


def streamed(net, parts, **first):
    for part in prefetch(parts):
        net.partial_fit(MANY[part], MANY_Y[part], **first)
    return net


def weights_of(net):
    arrays = [a for member in net.estimators_ for a in (*member.coefs, *member.intercepts)]
    return np.concatenate([a.ravel() for a in arrays])


def same_bits(one, other):
    return np.array_equal(weights_of(one), weights_of(other))


def state_of(net):
    """Everything on the estimator, as bytes."""
    return pickle.dumps(net)


# ---- it learns -----------------------------------------------------------------------------------


def test_a_stream_comes_close_to_fit():
    whole = TabularClassifier("fast", random_state=0).fit(MANY[: TEST.start], MANY_Y[: TEST.start])
    pieces = TabularClassifier("fast", random_state=0)
    for _ in range(4):
        streamed(pieces, batches(500), **CLASSES)
    scores = [net.score(MANY[TEST], MANY_Y[TEST]) for net in (whole, pieces)]
    assert scores[1] > scores[0] - 0.03
    assert scores[1] > 0.88


@pytest.mark.parametrize("loss", ["squared_error", "quantile"])
def test_a_regressor_learns_from_a_stream(loss):
    X_all = np.random.RandomState(0).uniform(-2, 2, (8000, 2))
    y = 50 + 9 * np.sin(X_all).sum(axis=1)
    quantile = [0.1, 0.9] if loss == "quantile" else 0.5
    net = TabularRegressor("fast", random_state=0, loss=loss, quantile=quantile)
    for part in batches(500, 8000):
        net.partial_fit(X_all[part], y[part])
    assert net.score(X_all, y) > (0.6 if loss == "quantile" else 0.9)


def test_new_data_improve_a_fitted_ensemble():
    fitted = TabularClassifier("fast", random_state=0).fit(MANY[:500], MANY_Y[:500])
    temperature, weights = fitted.temperature_, [one.weight for one in fitted.estimators_]
    before, scores = fitted._encoder, [fitted.score(MANY[TEST], MANY_Y[TEST])]
    n_epochs = fitted.n_iter_
    streamed(fitted, batches(500)[1:])
    scores.append(fitted.score(MANY[TEST], MANY_Y[TEST]))
    assert scores[1] > scores[0] + 0.01
    assert fitted.temperature_ == temperature
    assert [one.weight for one in fitted.estimators_] == weights
    assert fitted._encoder is before
    assert fitted.n_iter_ == n_epochs + 9
    assert fitted.best_epochs_ == [member.n_epochs for member in fitted.estimators_]
    assert not hasattr(fitted, "feature_importances_")  # of weights that are no more


def test_one_pass_does_not_spoil_what_fit_has_annealed():
    """The learning rate of fit would: its last epochs have almost none."""
    fitted = TabularRegressor("fast", random_state=0).fit(X_NUMBERS, X_NUMBERS[:, 2])
    before = fitted.score(X_NUMBERS, X_NUMBERS[:, 2])
    gentle = copy.deepcopy(fitted).partial_fit(X_NUMBERS, X_NUMBERS[:, 2])
    full = copy.deepcopy(fitted).set_params(learning_rate="constant")
    full.partial_fit(X_NUMBERS, X_NUMBERS[:, 2])
    after = gentle.score(X_NUMBERS, X_NUMBERS[:, 2])
    assert after > before - 0.02
    assert after > full.score(X_NUMBERS, X_NUMBERS[:, 2])


@pytest.mark.parametrize("kind", FIRST)
def test_kinds_of_targets(kind):
    y = TARGETS[kind]
    net = tabular(max_iter="auto", hidden_layer_sizes=32, dropout=0)
    for _ in range(60):
        net.partial_fit(X, y, **FIRST[kind])
    assert net.predict(X).shape == np.shape(y)
    assert net.score(X, y) > 0.85


# ---- what the first call learns ------------------------------------------------------------------


def test_classes():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        tabular().partial_fit(X, Y)
    only = Y == 1
    net = tabular().partial_fit(X[only], Y[only], classes=[2, 1, 0, 7])
    assert list(net.classes_) == [0, 1, 2, 7]
    net.partial_fit(X[~only], Y[~only]).partial_fit(X, Y, classes=[0, 1, 2, 7])
    assert net.predict_proba(X).shape == (len(X), 4)
    for call in (
        lambda: net.partial_fit(X, Y + 3),
        lambda: net.partial_fit(X, Y, classes=[0, 1, 2]),
        lambda: tabular().partial_fit(X, Y, classes=[0, 1]),
    ):
        with pytest.raises(ValueError, match="classes"):
            call()


def test_features_are_learned_from_the_first_batch_alone():
    pd = pytest.importorskip("pandas")
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"level": rng.choice(["low", "high"], 300), "x": rng.normal(size=300)})
    y = (frame["level"] == "high").to_numpy()
    net = TabularClassifier("fast", random_state=0, dropout=0)
    for _ in range(5):
        net.partial_fit(frame, y, classes=[False, True])
    encoded = net._encoded(frame)[1]
    later = pd.DataFrame({"level": ["never seen", None], "x": [1e9, np.nan]})
    net.partial_fit(later, [True, False])
    np.testing.assert_array_equal(net._encoded(frame)[1], encoded)
    passed = slice(net._encoder.n_numbers, net._encoder.width_without_thresholds)
    unknown, missing = net._encoded(later)[1][:, passed]
    np.testing.assert_array_equal(unknown, missing)
    assert net.score(frame, y) == 1
    with pytest.raises(ValueError, match="feature names"):
        net.partial_fit(frame.rename(columns={"x": "z"}), y)
    with pytest.raises(ValueError, match="1 features, but"):
        tabular().partial_fit(X, Y, **CLASSES).partial_fit(X[:, :1], Y)


def test_rare_categories_have_target_statistics_of_the_first_batch():
    rng = np.random.RandomState(0)
    codes = rng.randint(60, size=3000)
    y = rng.normal(size=60)[codes]
    frame = np.array([[f"c{code}", 0.0] for code in codes], dtype=object)
    net = TabularRegressor("fast", random_state=0).partial_fit(frame[:1500], y[:1500])
    assert net._encoder.learned[0].means is not None
    for _ in range(10):
        net.partial_fit(frame[1500:], y[1500:])
    assert net.score(frame[:1500], y[:1500]) > 0.9


def test_members_are_those_of_fit():
    fitted = TabularClassifier(max_iter=1, random_state=0, hidden_layer_sizes=8).fit(X, Y)
    pieces = clone(fitted).partial_fit(X, Y, **CLASSES)
    kinds = [[member.kind for member in net.estimators_] for net in (fitted, pieces)]
    assert kinds[0] == kinds[1]
    assert [member.weight for member in pieces.estimators_] == [1 / len(kinds[0])] * len(kinds[0])
    assert pieces.temperature_ == 1
    assert pieces._architectures == fitted._architectures


def test_predictions_reach_what_later_batches_hold():
    net = tabular_regressor(max_iter="auto", dropout=0).partial_fit(X, X[:, 0])
    (low, high), standard = net._range, net._standard
    net.partial_fit(X, 2 * X[:, 0])
    assert net._range[0] <= low
    assert net._range[1] == 2 * high
    assert net._standard is standard


def test_it_pays_attention_to_weights():
    """A weight of zero is no sample; "balanced" is balanced in the batch."""
    some = np.arange(len(X)) % 3 > 0
    weighted = tabular().partial_fit(X, Y, some.astype(float), **CLASSES)
    fewer = tabular().partial_fit(X[some], Y[some], **CLASSES)
    np.testing.assert_array_equal(weighted._encoded(X)[1], fewer._encoded(X)[1])
    doubled = tabular().partial_fit(X, Y, np.where(Y == 1, 2.0, 1.0), **CLASSES)
    by_class = tabular(class_weight={1: 2.0}).partial_fit(X, Y, **CLASSES)
    assert same_bits(doubled, by_class)
    few = np.r_[np.flatnonzero(Y == 0)[:40], np.flatnonzero(Y == 1)]
    even = np.where(Y[few] == 0, len(few) / 80, len(few) / (2 * (Y == 1).sum()))
    balanced = tabular(class_weight="balanced").partial_fit(X[few], Y[few], **CLASSES)
    assert same_bits(balanced, tabular().partial_fit(X[few], Y[few], even, **CLASSES))


# ---- parameters ----------------------------------------------------------------------------------


def rates_of(net, n_calls):
    rates = []
    for _ in range(n_calls):
        net.partial_fit(X, Y, **CLASSES)
        rates.append(net.estimators_[0].optimizer.learning_rate)
    return rates


def test_learning_rates():
    seen = len(X) * np.arange(1, 4)
    assert rates_of(tabular(), 3) == pytest.approx(list(0.04 / np.sqrt(1 + seen / 2000)))
    constant = tabular(learning_rate=Constant(), learning_rate_init=0.01)
    assert rates_of(constant, 3) == [0.01] * 3
    inverse = tabular(learning_rate=InverseScaling(1.0), learning_rate_init=1.0)
    assert rates_of(inverse, 2) == pytest.approx(list(1 / (1 + seen[:2])))
    changed = tabular(learning_rate_init=0.02)
    rates_of(changed, 1)
    wanted = 0.01 / np.sqrt(1 + seen[1] / 2000)
    assert rates_of(changed.set_params(learning_rate_init=0.01), 1) == pytest.approx([wanted])


def test_a_schedule_needs_a_number_of_calls():
    planned, constant, endless = (
        tabular(learning_rate=rate, max_iter=calls)
        for rate, calls in ((Cosine(), 2), (Constant(), 2), (Cosine(), "auto"))
    )
    for net in (planned, constant, endless):
        net.partial_fit(X, Y, **CLASSES)
    assert same_bits(constant, endless)
    assert not same_bits(planned, constant)
    planned.partial_fit(X, Y)
    before = weights_of(planned)
    planned.partial_fit(X, Y)  # after its end
    np.testing.assert_array_equal(weights_of(planned), before)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"validation": "holdout"}, "does not support validation='holdout'"),
        ({"validation": np.arange(9)}, "does not support validation="),
        ({"store_oof_predictions": True}, "does not support store_oof_predictions=True"),
        ({"max_time": 60}, "does not support max_time=60"),
        ({"learning_rate": "adaptive"}, "waits for progress to stop"),
        ({"n_members": 0}, "n_members"),
    ],
)
def test_what_has_no_meaning_is_refused(parameters, message):
    fresh = tabular(**parameters)
    with pytest.raises(ValueError, match=message):
        fresh.partial_fit(X, Y, **CLASSES)
    assert not [name for name in vars(fresh) if name.endswith("_")]


def test_how_fit_validated_does_not_keep_it_from_going_on():
    net = tabular(validation="holdout", refit=True).fit(X, Y)
    net.partial_fit(X, Y)
    assert net.validation_scores_ == [None, None]


@pytest.mark.parametrize(
    "parameters",
    [{"hidden_layer_sizes": 9}, {"activation": "relu"}, {"scaling_layer": False}],
)
def test_other_networks_need_a_fit(parameters):
    net = tabular().partial_fit(X, Y, **CLASSES)
    state = state_of(net)
    with pytest.raises(ValueError, match="use fit to start anew"):
        net.set_params(**parameters).partial_fit(X, Y)
    net.set_params(**{name: getattr(tabular(), name) for name in parameters})
    assert state_of(net) == state


def test_what_may_change():
    net = tabular(dropout=0).partial_fit(X, Y, **CLASSES)
    same = copy.deepcopy(net)
    assert not same_bits(net.set_params(dropout=0.5).partial_fit(X, Y), same.partial_fit(X, Y))
    net.set_params(dtype="float64").partial_fit(X, Y)
    assert net.estimators_[0].coefs[0].dtype == np.float64
    assert net.predict_proba(X).shape == (len(X), 3)


# ---- what scikit-learn asks for ------------------------------------------------------------------


def test_metadata_are_routed():
    with config_context(enable_metadata_routing=True):
        net = TabularClassifier().set_partial_fit_request(sample_weight=True, classes=True)
        routed = net.get_metadata_routing().partial_fit.requests
    assert routed == {"sample_weight": True, "classes": True}
