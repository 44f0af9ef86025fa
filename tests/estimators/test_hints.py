"""Hints of fit: one warning for what is likely misread, none for ordinary data, and never in predict."""

import warnings

import numpy as np
import pytest

from sknn import TabularClassifier
from tests.estimators.samples import DIGITS, X, Y, classifier, cnn, mixer, regressor

RNG = np.random.default_rng(0)


def hints(estimator, X, y):
    """Messages of the warnings of a fit; all of them point here."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(X, y)
        found = [w for w in caught if "Maximum iterations" not in str(w.message)]
        caught.clear()
        estimator.predict(X)
        assert not caught
    assert all(w.filename == __file__ for w in found)
    return [str(w.message) for w in found]


@pytest.mark.parametrize(
    ("mean", "deviation", "far"),
    [
        (1e12, 1.0, True),
        (0.0, 1e4, True),
        (0.0, 1e-4, True),
        (900.0, 0.1, True),
        (0.1, 0.0, False),
        (290.0, 10.0, False),
        (0.0, 0.01, False),
        (150.0, 80.0, False),
    ],
)
def test_targets_far_from_unit_scale(mean, deviation, far):
    y = mean + deviation * X[:, 0]
    found = hints(regressor(), X, y)
    assert ["TransformedTargetRegressor" in text for text in found] == [True] * far


def test_counts_are_not_meant():
    """The exponential reaches them."""
    assert hints(regressor(loss="poisson"), X, 5000.0 * (Y + 1)) == []


@pytest.mark.parametrize("make", [cnn, mixer])
@pytest.mark.parametrize(
    ("shape", "channels_first", "says"),
    [
        ((3, 9, 9), False, ["channels_first=True"]),
        ((1, 9, 12), False, ["channels_first=True"]),
        ((9, 9, 4), True, ["channels_first=False"]),
        ((192,), False, [r"image_shape=(8, 8, 3)"]),
        ((9, 9, 3), False, []),
        ((3, 9, 9), True, []),
        ((1, 64, 9), False, []),  # a signal of 9 channels
        ((4, 9), False, []),
        ((48,), False, []),
    ],
)
def test_images_in_another_order(make, shape, channels_first, says):
    images = RNG.normal(size=(60, *shape))
    found = hints(make(channels_first=channels_first, max_iter=1), images, DIGITS)
    assert len(found) == len(says)
    assert all(part in text for part, text in zip(says, found, strict=True))


@pytest.mark.parametrize("shape", [(3, 9, 9), (192,)])
def test_a_shape_that_is_given_is_no_accident(shape):
    images = RNG.normal(size=(60, *shape))
    given = shape if len(shape) == 3 else (1, 192)
    (found,) = hints(cnn(max_iter=1), images, DIGITS)
    assert f"image_shape={given}." in found
    assert hints(cnn(max_iter=1, image_shape=given), images, DIGITS) == []


@pytest.mark.parametrize(
    ("n", "n_rare", "says"),
    [(150, 0, "150 samples leaves 15 "), (600, 10, "leaves 60, 1 of a class,"), (300, 0, "")],
)
def test_few_samples_to_validate_on(n, n_rare, says):
    y = np.resize(Y, n)
    y[:n_rare] = 9
    found = hints(classifier(early_stopping=True), np.resize(X, (n, 4)), y)
    assert len(found) == bool(says)
    assert all(says in text for text in found)
    assert hints(regressor(early_stopping=True), np.resize(X, (n, 4)), np.ones(n)) == []


def test_few_samples_of_a_fold():
    net = TabularClassifier("fast", hidden_layer_sizes=4, max_iter=1, n_members=2)
    (found,) = hints(net, X[:80], Y[:80] > 0)
    assert "80 samples leaves a member 16 to validate on" in found
    assert hints(net, X, Y) == []
