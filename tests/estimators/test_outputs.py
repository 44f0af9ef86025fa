"""Hidden features and fitted arrays."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from tests.estimators.samples import IMAGES, X, Y, classifier, cnn, mixer, regressor


@pytest.mark.parametrize("make", [classifier, regressor])
def test_transform_gives_every_layer(make):
    fitted = make(hidden_layer_sizes=(7, 5), dropout=(0.1, 0.2, 0.3), dtype="float64").fit(X, Y)
    first = np.maximum(X @ fitted.coefs_[0] + fitted.intercepts_[0], 0)
    second = np.maximum(first @ fitted.coefs_[1] + fitted.intercepts_[1], 0)
    for layer, wanted in [(0, X), (1, first), (2, second), (-1, second), (-2, first), (-3, X)]:
        np.testing.assert_allclose(fitted.transform(X, layer=layer), wanted, atol=1e-12)
    for layer in (3, -4):
        with pytest.raises(ValueError, match="2 hidden layers"):
            fitted.transform(X, layer=layer)


def test_names_and_frames():
    fitted = classifier(hidden_layer_sizes=(3, 2)).fit(X, Y)
    assert list(fitted.get_feature_names_out()) == ["mlpclassifier0", "mlpclassifier1"]
    plain = fitted.transform(X)
    fitted.set_output(transform="pandas")
    frame = fitted.transform(X)
    assert list(frame.columns) == ["mlpclassifier0", "mlpclassifier1"]
    np.testing.assert_array_equal(frame.to_numpy(), plain)
    first = fitted.transform(X, layer=1)
    assert list(first.columns) == [f"mlpclassifier_layer1_{i}" for i in range(3)]
    assert list(first.columns) == list(fitted.get_feature_names_out(layer=1))
    assert isinstance(fitted.fit_transform(X, Y), pd.DataFrame)
    with config_context(transform_output="pandas"):
        assert isinstance(regressor().fit(X, Y).transform(X), pd.DataFrame)
    assert isinstance(fitted.set_output(transform="default").transform(X), np.ndarray)


@pytest.mark.parametrize("make", [classifier, regressor, cnn, mixer])
def test_names_of_the_input_are_checked(make):
    """As scikit-learn's transformers do."""
    data = X if make not in (cnn, mixer) else IMAGES.reshape(60, 64)
    more = {} if data is X else {"image_shape": (8, 8)}
    y = Y[: len(data)]
    names = [f"x{i}" for i in range(data.shape[1])]
    frame = pd.DataFrame(data, columns=names)
    for fitted, message in [
        (make(**more).fit(data, y), "should have length equal to number of features"),
        (make(**more).fit(frame, y), "input_features is not equal to feature_names_in_"),
    ]:
        wanted = fitted.get_feature_names_out()
        np.testing.assert_array_equal(fitted.get_feature_names_out(names), wanted)
        with pytest.raises(ValueError, match=message):
            fitted.get_feature_names_out(names[1:])
    with pytest.raises(ValueError, match=message):
        fitted.get_feature_names_out(names[::-1])


def test_frames_keep_their_index():
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(len(X)) + 5)
    out = classifier().set_output(transform="pandas").fit(frame, Y).transform(frame)
    assert list(out.index) == list(frame.index)


def test_features_in_pipelines():
    features = make_union(classifier(max_iter=50), regressor(max_iter=50))
    model = make_pipeline(features, LogisticRegression()).fit(X, Y)
    assert model.score(X, Y) > 0.85
    names = model[:-1].get_feature_names_out()
    assert list(names[[0, -1]]) == ["mlpclassifier__mlpclassifier0", "mlpregressor__mlpregressor7"]


@pytest.mark.parametrize("make", [classifier, regressor])
def test_assigned_weights_are_honoured(make):
    fitted = make(dtype="float64").fit(X, Y)
    fitted.transform(X)
    fitted.coefs_[0][:] = 0  # in place
    fitted.intercepts_[0][:] = 2
    np.testing.assert_array_equal(fitted.transform(X), np.full((len(X), 8), 2.0))
    fitted.coefs_ = [np.ones_like(c) for c in fitted.coefs_]
    fitted.intercepts_ = [np.zeros_like(b) for b in fitted.intercepts_]
    wanted = np.repeat(np.maximum(X.sum(axis=1, keepdims=True), 0), 8, axis=1)
    np.testing.assert_allclose(fitted.transform(X), wanted, atol=1e-12)
    fitted.coefs_ = [c.astype(np.float32) for c in fitted.coefs_]
    assert fitted.transform(X).dtype == np.float32
    fitted.coefs_ = [np.asfortranarray(c.astype(int)) for c in fitted.coefs_]
    np.testing.assert_allclose(fitted.transform(X), wanted, atol=1e-12)
    fitted.partial_fit(X, Y)
    assert not np.array_equal(fitted.coefs_[0], np.ones((4, 8)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: e.coefs_.pop(),
        lambda e: e.coefs_.__setitem__(0, np.ones((4, 9), np.float32)),
        lambda e: e.coefs_.__setitem__(0, np.ones((3, 8), np.float32)),
        lambda e: e.coefs_.__setitem__(1, np.ones(8, np.float32)),
        lambda e: e.intercepts_.__setitem__(0, np.ones(9, np.float32)),
        lambda e: e.intercepts_.append(np.ones(3, np.float32)),
    ],
)
def test_assigned_weights_of_wrong_shape_raise(spoil):
    fitted = classifier().fit(X, Y)
    spoil(fitted)
    with pytest.raises(ValueError, match=r"layer|layers|dimensions"):
        fitted.predict(X)
    with pytest.raises(ValueError, match=r"layer|layers|dimensions"):
        fitted.partial_fit(X, Y)
