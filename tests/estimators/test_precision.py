"""Where data of users meet float32: they are centered before, and predictions are float64."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from sknn import MLPMixerRegressor, TabularClassifier, TabularRegressor
from sknn.augmentation import Augmentation
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    X,
    Y,
    classifier,
    cnn,
    cnn_regressor,
    mixer,
    regressor,
    same_bits,
)

TABLE = {"hidden_layer_sizes": 16, "max_iter": 30, "n_members": 1, "random_state": 0}


@pytest.mark.parametrize(
    "make",
    [
        regressor,
        lambda **p: cnn_regressor(image_shape=(2, 2), **p),
        lambda **p: MLPMixerRegressor(
            image_shape=(2, 2), n_blocks=1, hidden_dim=8, random_state=0, **p
        ),
        lambda **p: TabularRegressor("fast", **{**TABLE, **p}),
    ],
)
def test_a_target_scaler_gets_float64(make):
    y = 1.6e12 + 2e4 * (X[:, 0] + X[:, 1])
    net = TransformedTargetRegressor(make(max_iter=60), transformer=StandardScaler()).fit(X, y)
    assert net.predict(X).dtype == np.float64
    assert net.score(X, y) > 0.4  # in float32 there would be two values or three


def test_dtypes_of_predictions():
    single = X.astype(np.float32)
    for fitted in (classifier().fit(single, Y), cnn().fit(IMAGES, DIGITS)):
        samples = single if fitted.n_features_in_ == 4 else IMAGES
        assert fitted.decision_function(samples).dtype == np.float64
        assert fitted.transform(samples).dtype == np.float32
    dropped = regressor(dropout=0.2).fit(single, Y)
    assert {values.dtype for values in dropped.predict(single, return_std=True)} == {np.dtype("f8")}
    follows = regressor(dtype=None, dropout=0.2).fit(single, Y)
    assert follows.predict(single).dtype == np.float32  # as in scikit-learn
    assert {values.dtype for values in follows.predict(single, return_std=True)} == {np.dtype("f4")}
    table = TabularClassifier("fast", **TABLE).fit(X, Y)
    assert table.decision_function(X).dtype == np.float64


def test_an_exponential_link_is_taken_in_double():
    fitted = regressor(loss="poisson", hidden_layer_sizes=()).fit(X, Y)
    fitted.set_weights([np.ones((4, 1)), [0.0]])
    np.testing.assert_allclose(fitted.predict(np.full((1, 4), 100.0)), np.exp(400.0))


@pytest.mark.parametrize(("loss", "smallest"), [("poisson", -1e-60), ("gamma", 1e-60)])
def test_targets_are_checked_before_they_are_rounded(loss, smallest):
    y = Y + 1.0
    y[3] = smallest
    with pytest.raises(ValueError, match=r"1e-60"):
        regressor(loss=loss, batch_size=50).fit(X, y)  # float32 throughout


def test_scores_of_half_precision():
    y = (500 * X[:, 0]).astype(np.float16)
    options = {"early_stopping": True, "validation_fraction": 0.2, "learning_rate_init": 1.0}
    wide, half = (regressor(**options).fit(X, t) for t in (y.astype(float), y))
    assert half.validation_scores_ == wide.validation_scores_


def far(images):
    """Images in two channels, the second far from zero: the first enters the engine as it was."""
    images = images.astype(float)
    return np.stack([images, 16e8 + images], axis=-1)


OPTIONS = {
    "plain": {},
    "views": {
        "test_time_augmentation": True,
        "augmentation": Augmentation(shift=1, rotation=0.2, cutout=3),
    },
    "double": {"dtype": "float64"},
    "lbfgs": {"solver": "lbfgs"},
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("make", [cnn, mixer])
def test_images_far_from_zero(make, option):
    """Both channels enter the network as the same values; one is centered in the engine, one in Python."""
    options = OPTIONS[option]
    fitted = make(**options).fit(far(IMAGES), DIGITS)
    values = fitted.feature_maps(far(IMAGES), layer=0)
    np.testing.assert_allclose(values[..., 0], values[..., 1], atol=2e-5)
    flat = np.ascontiguousarray(far(IMAGES).transpose(0, 3, 1, 2))
    other = make(channels_first=True, **options).fit(flat, DIGITS)
    np.testing.assert_allclose(
        other.predict_proba(flat), fitted.predict_proba(far(IMAGES)), atol=1e-3
    )
    centered = StandardScaler().fit_transform(IMAGES.reshape(-1, 1)).reshape(IMAGES.shape)
    near = make(**options).fit(centered, DIGITS)
    away = make(**options).fit(1e8 + centered, DIGITS)
    np.testing.assert_allclose(
        away.predict_proba(1e8 + centered), near.predict_proba(centered), atol=1e-3
    )


def test_windows_of_images_far_from_zero():
    fitted = cnn(padding=0).fit(1e8 + IMAGES, DIGITS)
    pair = np.concatenate([1e8 + IMAGES[:5], 1e8 + IMAGES[5:10]], axis=2)
    sweep = fitted.predict_windows(pair)
    np.testing.assert_allclose(
        sweep.probabilities[:, 0, 0], fitted.predict_proba(1e8 + IMAGES[:5]), atol=1e-5
    )


def test_images_near_zero_have_the_bits_that_they_had():
    assert cnn().fit(IMAGES, DIGITS)._input().center is None
    assert same_bits(cnn().fit(IMAGES, DIGITS), cnn().fit(IMAGES.astype(np.uint8), DIGITS))
