"""At home in scikit-learn: its searches, ensembles, calibration and inspection on both networks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    learning_curve,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknn import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from sknn.presets import ConvNet

X, Y = load_digits(return_X_y=True)
X, Y = X[:600], Y[:600]
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(X, Y, test_size=0.5, stratify=Y, random_state=0)
#: both take flat rows, the CNN because it knows their shape
NETS = {
    "MLP": MLPClassifier((32,), max_iter=30, learning_rate_init=0.01, random_state=0),
    "CNN": CNNClassifier(
        ConvNet(filters=(8,), hidden_layer_sizes=(16,)),
        max_iter=15,
        learning_rate_init=0.01,
        image_shape=(8, 8),
        random_state=0,
    ),
}

both = pytest.mark.parametrize("net", NETS.values(), ids=NETS)


def score(model):
    """The share of right answers on rows that the model has not seen."""
    return clone(model).fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST)


@both
def test_pipeline_with_columns_of_several_kinds(net):
    pd = pytest.importorskip("pandas")
    pixels = [f"pixel{i}" for i in range(18, 28)]
    frame = pd.DataFrame(X_TRAIN[:, 18:28], columns=pixels)
    frame.iloc[::7, 2] = np.nan
    frame["hue"] = np.array(["red", "blue"])[Y_TRAIN % 2]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), pixels),
            ("categories", OneHotEncoder(), ["hue"]),
        ]
    )
    # Twelve columns are no image: the CNN takes them as a signal.
    parameters = {"image_shape": None} if isinstance(net, CNNClassifier) else {}
    model = Pipeline([("columns", columns), ("net", clone(net).set_params(**parameters))])
    assert model.fit(frame, Y_TRAIN)["net"].n_features_in_ == 12
    # Ten pixels do not tell odd from even; the hue does, and so it is what turns the answer.
    swapped = frame.assign(hue=frame["hue"].map({"red": "blue", "blue": "red"}))
    assert np.mean(model.predict(frame) % 2 == Y_TRAIN % 2) > 0.9
    assert np.mean(model.predict(swapped) % 2 == Y_TRAIN % 2) < 0.5


@both
def test_grid_search_in_a_pipeline(net):
    model = Pipeline([("scale", StandardScaler()), ("net", net)])
    grid = {"net__hidden_layer_sizes": ["2x1", "32x1"], "net__alpha": [0.0, 0.01]}
    search = GridSearchCV(model, grid, cv=2).fit(X_TRAIN, Y_TRAIN)
    assert search.best_params_["net__hidden_layer_sizes"] == "32x1"
    assert search.score(X_TEST, Y_TEST) > 0.8


@both
@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_halving_search(net, resource):
    limits = (
        {"min_resources": 100, "max_resources": 300}
        if resource == "n_samples"
        else {"min_resources": 5, "max_resources": 15}
    )
    grid = {"hidden_layer_sizes": [(1,), (16,), (32,)]}
    search = HalvingGridSearchCV(net, grid, resource=resource, cv=2, random_state=0, **limits)
    search.fit(X_TRAIN, Y_TRAIN)
    least, most = limits.values()
    assert search.n_resources_ == [least, most]
    assert search.n_candidates_ == [3, 1]
    assert search.best_params_["hidden_layer_sizes"] != (1,)
    if resource == "max_iter":
        assert search.best_estimator_.n_iter_ == most


@both
def test_bagging(net):
    bag = BaggingClassifier(net, 12, max_samples=0.4, oob_score=True, random_state=0)
    bag.fit(X_TRAIN, Y_TRAIN)
    assert len({member.random_state for member in bag.estimators_}) == 12
    members = [member.score(X_TEST, Y_TEST) for member in bag.estimators_]
    assert bag.score(X_TEST, Y_TEST) > np.mean(members)
    assert_allclose(bag.oob_score_, bag.score(X_TEST, Y_TEST), atol=0.1)


@both
def test_bagging_draws_rows_as_weights_or_as_rows(net):
    """Both ways of scikit-learn's versions: weights where fit takes them, rows where it does not."""
    counts = np.random.default_rng(0).multinomial(
        len(Y_TRAIN), np.full(len(Y_TRAIN), 1 / len(Y_TRAIN))
    )
    weighted = clone(net).fit(X_TRAIN, Y_TRAIN, sample_weight=counts)
    repeated = clone(net).fit(np.repeat(X_TRAIN, counts, 0), np.repeat(Y_TRAIN, counts))
    scores = [one.score(X_TEST, Y_TEST) for one in (weighted, repeated)]
    assert_allclose(*scores, atol=0.1)
    assert min(scores) > 0.75


@both
def test_stacking_beside_a_forest(net):
    forest = RandomForestClassifier(30, random_state=0)
    stack = StackingClassifier([("net", net), ("forest", forest)], cv=2)
    assert score(stack) > max(score(net), score(forest)) - 0.03
    stack.fit(X_TRAIN, Y_TRAIN)
    # Ten probabilities of each: the network's are used, not left aside.
    assert stack.final_estimator_.coef_.shape == (10, 20)
    assert np.abs(stack.final_estimator_.coef_[:, :10]).max() > 0.5


@both
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(net, method):
    # One label in five is wrong, which the network learns by heart: it ends too sure of itself.
    wrong = np.random.default_rng(0).random(len(Y)) < 0.2
    noisy = (Y > 4) ^ wrong
    train, test = np.arange(300), np.arange(300, 600)
    sure = clone(net).set_params(max_iter=100).fit(X[train], noisy[train])
    calibrated = CalibratedClassifierCV(clone(sure), method=method, cv=3)
    probability = calibrated.fit(X[train], noisy[train]).predict_proba(X[test])
    losses = [log_loss(noisy[test], p) for p in (probability, sure.predict_proba(X[test]))]
    assert losses[0] < 0.9 * losses[1]


@both
def test_permutation_importance(net):
    fitted = clone(net).fit(X_TRAIN, Y_TRAIN)
    found = permutation_importance(fitted, X_TEST, Y_TEST, n_repeats=3, random_state=0)
    importance = found.importances_mean.reshape(8, 8)
    # The pixels at the left and right are paper in every digit.
    assert_array_equal(importance[:, 0], 0)
    assert importance[:, 2:6].sum() > 0.8 * importance.sum() > 0


@both
def test_learning_curve(net):
    sizes, training, test = learning_curve(net, X, Y, train_sizes=[0.1, 1.0], cv=2)
    assert_array_equal(sizes, [30, 300])
    assert test[1].min() > test[0].max()
    assert training.shape == (2, 2)


@pytest.mark.parametrize(("net", "shape"), [(MLPRegressor, (64,)), (CNNRegressor, (8, 8))])
def test_scaled_target(net, shape):
    """A target in thousands, which a network would take long to reach, is as easy when scaled."""
    samples, target = X.reshape(-1, *shape), X[:, 16:48].mean(axis=1)
    plain, scaled = (
        TransformedTargetRegressor(net(max_iter=10, random_state=0), transformer=StandardScaler())
        .fit(samples, factor * target)
        .predict(samples)
        for factor in (1, 1000)
    )
    assert_allclose(scaled, 1000 * plain, rtol=1e-3)


def test_images_go_where_scikit_learn_takes_them():
    """Shaped images need no `image_shape`: where scikit-learn does not look into X, they pass."""
    images = X_TRAIN.reshape(-1, 8, 8)
    net = clone(NETS["CNN"]).set_params(image_shape=None)
    for model in (
        GridSearchCV(net, {"alpha": [0.0, 0.1]}, cv=2),
        StackingClassifier([("net", net)], cv=2),
        CalibratedClassifierCV(net, cv=2),
    ):
        assert model.fit(images, Y_TRAIN).score(X_TEST.reshape(-1, 8, 8), Y_TEST) > 0.7
    with pytest.raises(ValueError, match="dim 3"):
        BaggingClassifier(net).fit(images, Y_TRAIN)


def test_hidden_features_for_another_model():
    """`transform` puts a fitted network in front of a model of scikit-learn."""
    net = clone(NETS["CNN"])
    model = make_pipeline(net, RandomForestClassifier(30, random_state=0))
    assert model.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST) > 0.85


def test_select_features_for_a_network():
    selected = make_pipeline(
        SelectFromModel(RandomForestClassifier(30, random_state=0), max_features=20),
        clone(NETS["MLP"]),
    ).fit(X_TRAIN, Y_TRAIN)
    assert selected[-1].n_features_in_ <= 20
    assert selected.score(X_TEST, Y_TEST) > 0.7
