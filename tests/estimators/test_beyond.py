"""What scikit-learn's MLP does not have."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.datasets import load_digits, load_iris, make_multilabel_classification
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier, MLPRegressor
from sknn.optimizers import SGD, Adam
from sknn.schedules import Cosine

X, Y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
IRIS, SPECIES = load_iris(return_X_y=True)


def fitted(estimator, **options):
    return estimator.set_params(random_state=0, **options).fit(X[:500], Y[:500])


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        (7, [(64, 7), (7, 10)]),
        ((7, 5), [(64, 7), (7, 5), (5, 10)]),
        ("8x2", [(64, 8), (8, 8), (8, 10)]),
        ("9", [(64, 9), (9, 10)]),
        ((), [(64, 10)]),
        (np.array([4]), [(64, 4), (4, 10)]),
    ],
)
def test_hidden_layer_sizes(given, shapes):
    net = fitted(MLPClassifier(given, max_iter=2))
    assert [coef.shape for coef in net.coefs_] == shapes


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": "3y3"}, "256x3"),
        ({"hidden_layer_sizes": (3, 0)}, "must be > 0"),
        ({"activation": np.tanh}, "relu"),
        ({"activation": "sigmoid"}, "logistic"),
        ({"activation": ("relu", "relu")}, "1 hidden layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": (0.1, 0.2, 0.3)}, "input's first"),
        ({"dropout": (0.1, -0.2)}, r"\[0, 1\)"),
        ({"solver": "adamax"}, "solver"),
        ({"solver": Adam(beta_1=1.5)}, "beta_1"),
        ({"learning_rate": Cosine(final=2)}, "final"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"dtype": "float16"}, "dtype"),
        ({"n_threads": 0}, "n_threads"),
        ({"max_time": -1}, "max_time"),
        ({"label_smoothing": 1}, "label_smoothing"),
        ({"class_weight": "even"}, "class_weight"),
        ({"scoring": "no such"}, "scoring"),
    ],
    ids=str,
)
def test_bad_parameters_are_named_and_change_nothing(parameters, message):
    net = MLPClassifier(max_iter=3, random_state=0).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        net.fit(IRIS, SPECIES)
    assert not hasattr(net, "coefs_")
    assert not hasattr(net, "n_features_in_")


def test_a_failed_fit_leaves_the_last_one():
    net = MLPClassifier(max_iter=3, random_state=0).fit(IRIS, SPECIES)
    before = net.predict_proba(IRIS)
    with pytest.raises(ValueError, match="NaN"):
        net.fit(np.full((9, 2), np.nan), np.arange(9))
    np.testing.assert_array_equal(net.predict_proba(IRIS), before)


def test_class_weights_multiply_sample_weights():
    weights = np.random.default_rng(0).uniform(0.5, 2, len(SPECIES))
    of_classes = {0: 1.0, 1: 3.0, 2: 0.5}
    a = MLPClassifier(max_iter=30, random_state=0, class_weight=of_classes)
    b = MLPClassifier(max_iter=30, random_state=0)
    a.fit(IRIS, SPECIES, sample_weight=weights)
    b.fit(IRIS, SPECIES, sample_weight=weights * np.vectorize(of_classes.get)(SPECIES))
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])


def test_zero_weights_drop_rows_and_bad_weights_raise():
    weights = np.ones(len(SPECIES))
    weights[::3] = 0
    a = MLPClassifier(max_iter=30, random_state=0).fit(IRIS, SPECIES, sample_weight=weights)
    b = MLPClassifier(max_iter=30, random_state=0).fit(IRIS[weights > 0], SPECIES[weights > 0])
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])
    for bad, message in [(np.zeros(150), "zero"), (-np.ones(150), ">= 0")]:
        with pytest.raises(ValueError, match=message):
            a.fit(IRIS, SPECIES, sample_weight=bad)


def test_early_stopping_by_given_data():
    net = MLPClassifier(random_state=0, max_iter=40, early_stopping="auto")
    net.fit(X[:500], Y[:500], X_val=X[500:700], y_val=Y[500:700])
    assert len(net.validation_scores_) == len(net.validation_loss_curve_) == net.n_iter_
    assert net.best_validation_score_ == max(net.validation_scores_)
    assert net.score(X[500:700], Y[500:700]) == pytest.approx(net.best_validation_score_)
    assert net.fit(X[:500], Y[:500]).validation_scores_ is None
    with pytest.raises(ValueError, match="early_stopping is False"):
        MLPClassifier().fit(X[:99], Y[:99], X_val=X[:9], y_val=Y[:9])
    with pytest.raises(ValueError, match="y_val was not provided"):
        net.fit(X[:99], Y[:99], X_val=X[:9])


@pytest.mark.parametrize("scoring", ["f1_macro", "loss", lambda e, X, y: -e.predict_proba(X)[0, 0]])
def test_scoring(scoring):
    net = MLPClassifier(random_state=0, max_iter=5, early_stopping=True, scoring=scoring)
    net.fit(X[:500], Y[:500])
    assert np.isfinite(net.validation_scores_).all()
    if scoring == "loss":
        np.testing.assert_allclose(net.validation_scores_, -np.array(net.validation_loss_curve_))


@pytest.mark.skipif(sklearn.__version__ < "1.6", reason="transform_input came with 1.6")
def test_validation_data_through_a_pipeline():
    with sklearn.config_context(enable_metadata_routing=True):
        net = MLPClassifier(early_stopping=True, max_iter=5, random_state=0)
        net.set_fit_request(X_val=True, y_val=True)
        model = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        model.fit(X[:500], Y[:500], X_val=X[500:700], y_val=Y[500:700])
    scaler = StandardScaler().fit(X[:500])
    alone = MLPClassifier(early_stopping=True, max_iter=5, random_state=0).fit(
        scaler.transform(X[:500]), Y[:500], X_val=scaler.transform(X[500:700]), y_val=Y[500:700]
    )
    assert model[-1].validation_scores_ == alone.validation_scores_


@pytest.mark.parametrize("solver", ["adam", "sgd", SGD(0.5)])
def test_partial_fit_is_fit_in_epochs(solver):
    """Shuffles, masks and the schedule go on from call to call: the same bits."""
    options = {"solver": solver, "dropout": 0.2, "learning_rate": "cosine", "random_state": 4}
    whole = MLPClassifier(max_iter=6, **options).fit(X, Y)
    parts = MLPClassifier(max_iter=6, **options)
    for _ in range(6):
        parts.partial_fit(X, Y, classes=np.arange(10))
    np.testing.assert_array_equal(whole.coefs_[0], parts.coefs_[0])
    assert whole.loss_curve_ == parts.loss_curve_


def test_partial_fit_records_validation():
    net = MLPClassifier(random_state=0)
    for _ in range(3):
        net.partial_fit(X, Y, classes=range(10), X_val=X[:50], y_val=Y[:50])
    assert len(net.validation_scores_) == len(net.validation_loss_curve_) == 3


def test_several_columns_of_classes():
    y = np.column_stack([SPECIES, SPECIES > 0])
    net = MLPClassifier(max_iter=300, learning_rate_init=0.01, random_state=0).fit(IRIS, y)
    first, second = net.predict_proba(IRIS)
    assert first.shape == (150, 3)
    assert second.shape == (150, 2)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    assert net.predict(IRIS).shape == (150, 2)
    assert net.score(IRIS, y) > 0.9


def test_multilabel_partial_fit_is_as_good_as_fit():
    data, labels = make_multilabel_classification(random_state=0)
    whole = MLPClassifier(max_iter=100, random_state=0, dtype="float64").fit(data, labels)
    parts = MLPClassifier(random_state=0, dtype="float64")
    for _ in range(100):
        parts.partial_fit(data, labels, classes=range(5))
    np.testing.assert_allclose(whole.predict_proba(data), parts.predict_proba(data), rtol=1e-6)


def test_transform():
    net = fitted(MLPClassifier((9, 5), activation="tanh", max_iter=3))
    first = np.tanh(X[:7] @ net.coefs_[0] + net.intercepts_[0])
    np.testing.assert_allclose(net.transform(X[:7], layer=1), first, rtol=1e-4, atol=1e-5)
    second = np.tanh(first @ net.coefs_[1] + net.intercepts_[1])
    np.testing.assert_allclose(net.transform(X[:7]), second, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(net.transform(X[:7], layer=0), X[:7])
    assert list(net.get_feature_names_out()) == [f"mlpclassifier{i}" for i in range(5)]
    frame = net.set_output(transform="pandas").transform(X[:7])
    assert list(frame.columns) == list(net.get_feature_names_out())
    with pytest.raises(ValueError, match="2 hidden layers"):
        net.transform(X[:7], layer=3)


def test_parameters_of_a_solver_are_searched():
    net = MLPClassifier(8, solver=Adam(), max_iter=3, random_state=0)
    search = GridSearchCV(net, {"solver__beta_1": [0.5, 0.9], "hidden_layer_sizes": ["4x2", 6]})
    search.fit(IRIS, SPECIES)
    assert set(search.best_params_) == {"solver__beta_1", "hidden_layer_sizes"}


def test_sparse_rows_are_dense_rows():
    for container in (sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.coo_matrix):
        sparse = MLPClassifier(dropout=(0.2, 0.3), max_iter=4, random_state=0)
        sparse.fit(container(X[:300]), Y[:300])
        dense = MLPClassifier(dropout=(0.2, 0.3), max_iter=4, random_state=0).fit(X[:300], Y[:300])
        np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(
            sparse.predict_proba(container(X[:9])), sparse.predict_proba(X[:9]), rtol=1e-4
        )


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_robust_losses_ignore_an_outlier(loss):
    x = np.linspace(-1, 1, 200).reshape(-1, 1)
    y = 2 * x.ravel()
    y[100] = 500
    net = MLPRegressor(loss, (), max_iter=3000, learning_rate_init=0.02, tol=0, random_state=0)
    net.n_iter_no_change = np.inf
    np.testing.assert_allclose(net.fit(x, y).predict(x), 2 * x.ravel(), atol=0.1)


def test_quantiles_are_quantiles():
    rng = np.random.default_rng(0)
    x, y = np.ones((2000, 1)), rng.normal(size=2000)
    net = MLPRegressor("quantile", (), quantile=0.9, max_iter=500, learning_rate_init=0.01)
    below = np.mean(y < net.set_params(random_state=0).fit(x, y).predict(x))
    assert below == pytest.approx(0.9, abs=0.02)


def test_targets_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="y >= 0"):
        MLPRegressor("poisson").fit(IRIS, -np.ones(150))
    with pytest.raises(ValueError, match="too large"):
        MLPRegressor().fit(IRIS, np.full(150, 1e300))
    with pytest.raises(ValueError, match="too large"):
        MLPRegressor().fit(IRIS * 1e300, SPECIES)
