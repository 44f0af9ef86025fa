"""The estimators of tables among scikit-learn's tools, on a frame with everything in it."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.metrics import d2_pinball_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import TabularClassifier, TabularRegressor
from tests.estimators.samples import outputs_of

pd = pytest.importorskip("pandas")

N = 240
SMALL = {"hidden_layer_sizes": 12, "max_iter": 10, "n_members": 2, "random_state": 0}
RNG = np.random.RandomState(0)
FRAME = pd.DataFrame(
    {
        "number": RNG.standard_normal(N),
        "gaps": np.where(RNG.uniform(size=N) < 0.1, np.nan, RNG.standard_normal(N)),
        "few": RNG.choice(list("uvw"), N),
        "many": RNG.choice([f"level {i}" for i in range(12)], N),
        "truth": RNG.uniform(size=N) > 0.5,
    }
)
CATEGORIES = ["few", "many", "truth"]
Y = (2 * FRAME["number"] + (FRAME["few"] == "u")).to_numpy()
LABELS = np.where(Y > 0, "yes", "no")
LOSSES = ["squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"]


def classifier(**parameters):
    return TabularClassifier(**{**SMALL, **parameters})


def regressor(**parameters):
    return TabularRegressor(**{**SMALL, **parameters})


# ---- losses and outputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss, columns):
    y = np.exp(np.column_stack([Y, -Y])[:, :columns].squeeze())
    one, two, three = (
        regressor(loss=loss, max_iter=25, n_threads=k).fit(FRAME, y) for k in (1, 2, 3)
    )
    mean, spread = one.predict(FRAME, return_std=True)
    assert mean.shape == spread.shape == y.shape
    for other in (two, three):
        np.testing.assert_array_equal(other.predict(FRAME), mean)
    assert np.corrcoef(np.log(y).ravel(), np.log(mean).ravel())[0, 1] > 0.6
    slopes = one.input_gradients(FRAME, 0)
    assert np.isfinite(slopes[:, :2]).all()
    assert np.isnan(slopes[:, 2:]).all()
    assert np.isfinite(one.integrated_gradients(FRAME, 0, n_steps=4)).all()


@pytest.mark.parametrize("make", [classifier, regressor])
def test_held_out_predictions_are_of_the_member_that_has_not_seen_them(make):
    y = LABELS if make is classifier else Y
    net = make(n_members=5, n_thresholds=0, numeric_embedding=None, store_oof_predictions=True)
    net.fit(FRAME, y)
    targets = net._targets()
    for member, outputs in zip(net.estimators_, outputs_of(net, FRAME), strict=True):
        wanted = targets.as_predictions(targets.predicted(outputs[None]))[member.held_out]
        np.testing.assert_allclose(net.oof_predictions_[member.held_out], wanted, rtol=1e-5)


@pytest.mark.parametrize("quantiles", [(0.1, 0.5, 0.9), (0.9, 0.1), (0.5,)])
def test_quantiles_do_not_cross_and_are_scored_together(quantiles):
    net = regressor(loss="quantile", quantile=quantiles, max_iter=1).fit(FRAME, Y)
    columns = net.predict(FRAME).reshape(N, -1)
    ascending = columns[:, np.argsort(quantiles)]
    assert (np.diff(ascending, axis=1) >= 0).all()
    raw = net._ensemble().combined(net._encoded(FRAME)[1])[:, np.argsort(quantiles)]
    assert (np.diff(raw, axis=1) < 0).any() == (len(quantiles) > 1)  # so there was something to do
    scores = [d2_pinball_score(Y, c, alpha=q) for c, q in zip(columns.T, quantiles, strict=True)]
    assert net.score(FRAME, Y) == pytest.approx(np.mean(scores))


# ---- weights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"yes": 3.0, "no": 1.0}, "balanced"])
def test_both_weights_are_multiplied(given):
    weights = RNG.uniform(0.5, 2, N)
    of_class = {"yes": 3.0, "no": 1.0}
    if given == "balanced":
        sums = {name: weights[name == LABELS].sum() for name in of_class}
        of_class = {name: weights.sum() / (2 * total) for name, total in sums.items()}
    product = weights * np.vectorize(of_class.get)(LABELS)
    a = classifier(class_weight=given, max_iter=2).fit(FRAME, LABELS, sample_weight=weights)
    b = classifier(max_iter=2).fit(FRAME, LABELS, sample_weight=product)
    np.testing.assert_allclose(a.predict_proba(FRAME), b.predict_proba(FRAME), rtol=1e-3)
    plain = classifier(max_iter=2).fit(FRAME, LABELS)
    assert not np.allclose(a.predict_proba(FRAME), plain.predict_proba(FRAME), rtol=1e-3)


# ---- tools --------------------------------------------------------------------------------------------


def test_permutation_importance_of_a_frame():
    net = regressor().fit(FRAME, Y)
    found = permutation_importance(net, FRAME, Y, n_repeats=2, random_state=0).importances_mean
    assert FRAME.columns[found.argmax()] == "number"
    assert FRAME.columns[net.feature_importances_.argmax()] == "number"


@pytest.mark.parametrize("kind", ["average", "both"])
def test_partial_dependence_of_numbers_and_categories(kind):
    pytest.importorskip("matplotlib").use("Agg")
    net = regressor(max_iter=30).fit(FRAME, Y)
    numbers = PartialDependenceDisplay.from_estimator(
        net, FRAME, ["number"], kind=kind, grid_resolution=5
    )
    assert np.all(np.diff(numbers.pd_results[0]["average"][0]) > 0)
    some = PartialDependenceDisplay.from_estimator(
        net, FRAME, CATEGORIES, categorical_features=CATEGORIES, kind="average"
    )
    few = dict(
        zip(*(some.pd_results[0][key][0] for key in ("grid_values", "average")), strict=True)
    )
    assert few["u"] > max(few["v"], few["w"])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_from_set_output(container):
    pytest.importorskip(container, reason=f"{container} is absent")
    scaled = make_column_transformer(
        (StandardScaler(), ["number", "gaps"]),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform=container)
    frame = FRAME
    if container == "polars":
        import polars

        frame = polars.DataFrame(FRAME.to_dict("list"), nan_to_null=True)
    model = make_pipeline(scaled, classifier()).fit(frame, LABELS)
    np.testing.assert_array_equal(model[-1].feature_names_in_, FRAME.columns)
    np.testing.assert_array_equal(model[-1].is_categorical_, FRAME.columns.isin(CATEGORIES))
    assert model.score(frame, LABELS) > 0.85


def test_routing_of_weights_and_validation_data():
    spoilt, weights = FRAME.copy(), (np.arange(N) % 4 > 0).astype(float)
    spoilt.loc[weights == 0, "number"] = 1e9
    answers = []
    with config_context(enable_metadata_routing=True):
        for frame in (FRAME, spoilt):
            net = classifier().set_score_request(sample_weight=True)
            net.set_fit_request(sample_weight=True, X_val=True, y_val=True)
            search = GridSearchCV(net, {"dropout": [0.0, 0.2]}, cv=3)
            search.fit(frame, LABELS, sample_weight=weights, X_val=FRAME, y_val=LABELS)
            assert search.best_estimator_.estimators_[0].held_out is None
            params = {"sample_weight": weights, "X_val": FRAME, "y_val": LABELS}
            scores = cross_validate(net, frame, LABELS, params=params, cv=3)["test_score"]
            answers.append([*search.cv_results_["mean_test_score"], *scores])
    np.testing.assert_array_equal(*answers)


def test_meta_estimators():
    proba = cross_val_predict(classifier(), FRAME, LABELS, cv=3, method="predict_proba")
    assert ((proba[:, 1] > 0.5) == (LABELS == "yes")).mean() > 0.85
    stack = StackingClassifier([("net", classifier())], cv=2).fit(FRAME, LABELS)
    assert stack.score(FRAME, LABELS) > 0.85
    both = MultiOutputRegressor(regressor()).fit(FRAME, np.column_stack([Y, -Y]))
    assert np.corrcoef(both.predict(FRAME).T)[0, 1] < -0.9


# ---- large and strange tables -------------------------------------------------------------------------


def test_more_than_a_hundred_thousand_rows_take_few_times_their_memory():
    tracemalloc = pytest.importorskip("tracemalloc")
    X = np.random.RandomState(0).standard_normal((120_000, 8))
    tracemalloc.start()
    try:
        net = TabularRegressor("fast", hidden_layer_sizes=8, max_iter=1, random_state=0)
        net.fit(X, X[:, 0])
        assert tracemalloc.get_traced_memory()[1] < 4 * X.nbytes
        tracemalloc.reset_peak()
        assert np.corrcoef(net.predict(X), X[:, 0])[0, 1] > 0.9
        assert tracemalloc.get_traced_memory()[1] < 4 * X.nbytes
    finally:
        tracemalloc.stop()


def test_thousands_of_levels_are_learned():
    levels = np.array([f"id {i}" for i in range(2000)])
    names = np.random.RandomState(0).choice(levels, 12_000)
    y = np.char.str_len(names) * 7 % 3 == np.char.count(names, "1") % 3
    table = pd.DataFrame({"id": names, "noise": np.arange(12_000) % 17})
    net = TabularClassifier("fast", random_state=0).fit(table[:9000], y[:9000])
    assert net.score(table[9000:], y[9000:]) > 0.8 > max(y.mean(), 1 - y.mean())


@pytest.mark.parametrize(
    "strange",
    [
        FRAME["number"] * 1e30,
        FRAME["number"] * 1e-310,
        np.random.RandomState(1).standard_cauchy(N) ** 3,
        FRAME["number"] * 0,
        np.full(N, np.nan),
        FRAME["number"],
        2**40 + np.arange(N),
    ],
    ids=["1e30", "denormal", "heavy tails", "constant", "missing", "duplicate", "large integers"],
)
def test_strange_columns_do_no_harm(strange):
    table = FRAME.assign(strange=strange)
    for make, y in ((classifier, LABELS), (regressor, Y)):
        alone, beside = make().fit(FRAME, y), make().fit(table, y)
        assert beside.score(table, y) > alone.score(FRAME, y) - 0.1
        assert np.isfinite(beside.integrated_gradients(table, n_steps=4)).all()
