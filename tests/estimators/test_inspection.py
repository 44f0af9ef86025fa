"""Looking inside: summary, hidden features, feature maps, weights."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from sknn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from tests.estimators.samples import DIGITS, IMAGES, X, Y, classifier, cnn

LAYERS = [Conv2D(4, 3), BatchNorm(), MaxPool2D(2), Flatten(), Dense(8), Dropout(0.5)]


@pytest.fixture(scope="module")
def fitted():
    return cnn(layers=LAYERS).fit(IMAGES, DIGITS)


def test_summary(fitted):
    summary = fitted.summary()
    assert len(summary.rows) == len(LAYERS) + 1
    n_weights = sum(a.size for a in fitted.coefs_ + fitted.intercepts_)
    assert summary.n_parameters == n_weights
    assert summary.flops >= 2 * (6 * 6 * 9 * 4 + 36 * 8 + 8 * 10)
    lines = str(summary).splitlines()
    assert len(lines) == len(LAYERS) + 6
    assert "6 x 6 x 4" in lines[3]
    assert f"{n_weights:,}" in lines[-1]
    assert len(pd.DataFrame(summary.rows)) == len(summary.rows)


def test_summary_of_a_perceptron():
    summary = classifier().fit(X, Y).summary()
    assert summary.n_parameters == 4 * 8 + 8 + 8 * 3 + 3
    assert summary.input_shape in (4, (4,))


def test_transform_gives_any_hidden_layer(fitted):
    widths = [64, 144, 144, 36, 36, 8, 8]
    for layer, width in enumerate(widths):
        assert fitted.transform(IMAGES, layer=layer).shape == (60, width)
        names = fitted.get_feature_names_out(layer=layer)
        assert len(names) == width
    assert fitted.get_feature_names_out()[0] == "cnnclassifier0"
    assert fitted.get_feature_names_out(layer=1)[3] == "cnnclassifier_layer1_3"
    np.testing.assert_array_equal(fitted.transform(IMAGES), fitted.transform(IMAGES, layer=6))
    with pytest.raises(ValueError, match="layer=7"):
        fitted.transform(IMAGES, layer=7)


def test_the_last_hidden_layer_is_what_the_output_layer_sees(fitted):
    logits = fitted.transform(IMAGES) @ fitted.coefs_[-1] + fitted.intercepts_[-1]
    np.testing.assert_allclose(logits, fitted.decision_function(IMAGES), atol=1e-4)


def test_feature_maps(fitted):
    maps = fitted.feature_maps(IMAGES[:5])
    assert maps.shape == (5, 6, 6, 4)
    np.testing.assert_array_equal(maps.reshape(5, -1), fitted.transform(IMAGES[:5], layer=1))
    assert fitted.feature_maps(IMAGES[:5], layer=3).shape == (5, 3, 3, 4)
    assert fitted.feature_maps(IMAGES[:5], layer=0).shape == (5, 8, 8, 1)
    with pytest.raises(ValueError, match=r"layer=-1 is Dropout.*\(8,\) has no maps"):
        fitted.feature_maps(IMAGES, layer=-1)


def test_features_in_a_frame(fitted):
    frame = cnn(layers=LAYERS).fit(IMAGES, DIGITS).set_output(transform="pandas").transform(IMAGES)
    assert list(frame.columns) == list(fitted.get_feature_names_out())


def test_weights_are_copied_out_and_in(fitted):
    weights = fitted.get_weights()
    assert len(weights) == 4 + 4 + 2  # three layers and a normalisation, and its statistics
    other = cnn(layers=LAYERS, random_state=1).fit(IMAGES, DIGITS)
    assert other.set_weights(weights) is other
    np.testing.assert_array_equal(other.predict_proba(IMAGES), fitted.predict_proba(IMAGES))
    weights[0][...] = 0
    np.testing.assert_array_equal(other.predict_proba(IMAGES), fitted.predict_proba(IMAGES))


@pytest.mark.parametrize(
    ("number", "value", "message"),
    [
        (0, np.zeros((3, 3, 1, 5)), r"coefs_\[0\] of layer 1, Conv2D\(.*, has the shape"),
        (2, np.full((36, 8), np.nan), r"coefs_\[2\] of layer 5, Dense\(.*, has NaN"),
        (
            7,
            np.full(10, 1e300),
            r"intercepts_\[3\] of layer 7, Dense\(.*, has .* too large for float32",
        ),
        (8, "many", r"batch_means_\[0\] of layer 2, BatchNorm\(.*, is no array of numbers"),
        (slice(1), [], "weights has 9 arrays, the network 10: 4 coefs_"),
    ],
)
def test_weights_that_do_not_fit_name_their_layer(fitted, number, value, message):
    weights = fitted.get_weights()
    weights[number] = value
    with pytest.raises(ValueError, match=message):
        fitted.set_weights(weights)
    assert all(np.isfinite(array).all() for array in fitted.get_weights())


def test_weights_are_averaged():
    fits = [classifier(random_state=seed).fit(X, Y) for seed in (0, 1)]
    means = [
        np.mean(arrays, axis=0) for arrays in zip(*[f.get_weights() for f in fits], strict=True)
    ]
    averaged = fits[0].set_weights(means)
    assert averaged.coefs_[0].dtype == np.float32
    np.testing.assert_allclose(averaged.coefs_[0], means[0])


@pytest.mark.parametrize("method", ["summary", "get_weights"])
def test_needs_a_fit(method):
    with pytest.raises(NotFittedError):
        getattr(cnn(), method)()
