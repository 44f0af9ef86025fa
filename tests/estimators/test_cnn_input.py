"""Images: their shapes, their dtypes, standardisation, and views for test-time augmentation."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler

from sknn.augmentation import Augmentation
from sknn.inputs.images import ImageInput, channel_statistics, views_to_average
from sknn.layers import Conv2D
from tests.estimators.samples import DIGITS, IMAGES, cnn, cnn_regressor, mixer, same_bits

COLOUR = np.random.RandomState(0).randint(0, 255, (60, 5, 6, 3)).astype(np.uint8)
COLOUR[..., 1] //= 2


def first(images):
    """The same images with the channels first."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def flat(images):
    return images.reshape(len(images), -1)


# ---- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [cnn, cnn_regressor])
def test_all_shapes_of_the_same_images_are_the_same(make):
    reference = make().fit(COLOUR, DIGITS)
    assert reference.image_shape_ == (5, 6, 3)
    assert reference.n_features_in_ == 90
    others = [
        make(image_shape=(5, 6, 3)).fit(flat(COLOUR), DIGITS),
        make(image_shape=[5, 6, 3]).fit(COLOUR, DIGITS),
        make(channels_first=True).fit(first(COLOUR), DIGITS),
        make(channels_first=True, image_shape=(5, 6, 3)).fit(flat(first(COLOUR)), DIGITS),
        make().fit(COLOUR.tolist(), DIGITS),
        make().fit(np.asfortranarray(COLOUR), DIGITS),
    ]
    wanted = reference.predict(COLOUR)
    for other in others:
        assert same_bits(other, reference)
        images = first(COLOUR) if other.channels_first else COLOUR
        for X in (images, flat(images), images[::-1][::-1], images.astype(float)):
            np.testing.assert_array_equal(other.predict(X), wanted)


def test_images_of_one_channel():
    a = cnn().fit(IMAGES, DIGITS)
    b = cnn(image_shape=(8, 8)).fit(IMAGES.reshape(60, 64), DIGITS)
    c = cnn(channels_first=True).fit(IMAGES[:, None], DIGITS)
    d = cnn(channels_first=True).fit(IMAGES, DIGITS)
    for other in (b, c, d):
        assert other.image_shape_ == (8, 8, 1)
        assert same_bits(a, other)
    np.testing.assert_array_equal(a.predict(IMAGES[..., None]), a.predict(IMAGES))


def test_flat_rows_without_a_shape_are_signals():
    with pytest.warns(UserWarning, match=r"image_shape=\(8, 8\)"):
        fitted = cnn().fit(IMAGES.reshape(60, 64), DIGITS)
    assert fitted.image_shape_ == (1, 64, 1)
    fitted = cnn().fit(IMAGES.reshape(60, 64)[:, :49], DIGITS)  # a small square is no image
    assert fitted.image_shape_ == (1, 49, 1)


@pytest.mark.parametrize("make", [cnn, mixer])
def test_a_list_of_images(make):
    """Equal sizes are an array, unequal ones an error that speaks of images."""
    wanted = make().fit(IMAGES, DIGITS)
    objects = np.empty(60, object)
    objects[:] = list(IMAGES)
    for images in (list(IMAGES), objects):
        assert same_bits(make().fit(images, DIGITS), wanted)
    unequal = [image[: 8 - i % 2] for i, image in enumerate(IMAGES)]
    objects[:] = unequal
    for images in (unequal, objects):
        with pytest.raises(
            ValueError, match=r"images in X have different sizes.*\(8, 8\).*\(7, 8\)"
        ):
            make().fit(images, DIGITS)
        with pytest.raises(ValueError, match="images in X have different sizes"):
            wanted.predict(images)
    with pytest.raises(ValueError, match="image in X has rows of different lengths"):
        make().fit([[[1, 2], [3]]] * 60, DIGITS)


def test_wrong_shapes_name_the_sizes():
    with pytest.raises(ValueError, match=r"image_shape \(8, 9\) has 72 values, X has 64 features"):
        cnn(image_shape=(8, 9)).fit(flat(IMAGES), DIGITS)
    with pytest.raises(ValueError, match=r"\(5, 6, 1\).*\(5, 6, 3\)"):
        cnn(image_shape=(5, 6)).fit(COLOUR, DIGITS)
    fitted = cnn().fit(COLOUR, DIGITS)
    with pytest.raises(ValueError, match=r"\(6, 5, 3\).*expecting \(5, 6, 3\)"):
        fitted.predict(COLOUR.transpose(0, 2, 1, 3))
    with pytest.raises(ValueError, match="89 features, but CNNClassifier is expecting 90"):
        fitted.predict(flat(COLOUR)[:, 1:])
    with pytest.raises(ValueError, match=r"\(4, 6, 3\)"):
        fitted.partial_fit(COLOUR[:, 1:], DIGITS)
    with pytest.raises(ValueError, match=r"\(4, 6, 3\)"):
        cnn(early_stopping="auto").fit(COLOUR, DIGITS, X_val=COLOUR[:, 1:], y_val=DIGITS)
    for wrong in (COLOUR[0, 0, 0], COLOUR[None], COLOUR[:0]):
        with pytest.raises(ValueError, match=r"array|sample"):
            fitted.predict(wrong)


def test_sparse_input_is_refused():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        cnn(image_shape=(8, 8)).fit(sp.csr_matrix(flat(IMAGES)), DIGITS)


def test_a_data_frame_of_pixels():
    frame = pd.DataFrame(flat(IMAGES)).add_prefix("pixel")
    fitted = cnn(image_shape=(8, 8)).fit(frame, DIGITS)
    assert fitted.feature_names_in_[0] == "pixel0"
    assert same_bits(fitted, cnn().fit(IMAGES, DIGITS))
    np.testing.assert_array_equal(fitted.predict(frame), cnn().fit(IMAGES, DIGITS).predict(IMAGES))


# ---- dtypes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["uint8", "float16", "int64", "float32", "float64", ">f4", "bool"]
)
def test_dtypes_hold_the_same_images(dtype):
    images = (COLOUR > 127 if dtype == "bool" else COLOUR).astype(dtype)
    a = cnn().fit(images, DIGITS)
    b = cnn().fit(images.astype(np.float64), DIGITS)
    assert same_bits(a, b)
    np.testing.assert_array_equal(a.predict(images), a.predict(images.astype(np.float64)))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("form", ["read-only", "mapped"])
def test_images_are_used_without_a_copy(dtype, form, tmp_path, monkeypatch):
    images = COLOUR.astype(dtype)
    if form == "mapped":
        np.save(tmp_path / "images.npy", images)
        images = np.load(tmp_path / "images.npy", mmap_mode="r")
    images.flags.writeable = False
    seen = []
    rows = ImageInput.rows
    monkeypatch.setattr(
        ImageInput, "rows", lambda self, network, X: seen.append(X) or rows(self, network, X)
    )
    fitted = cnn().fit(images, DIGITS)
    fitted.predict(images)
    fitted.predict(flat(images))
    assert len(seen) == 3
    assert all(np.shares_memory(X, images) and X.dtype == dtype for X in seen)


def test_dtype_none_follows_floats_only():
    assert cnn(dtype=None).fit(COLOUR, DIGITS).coefs_[0].dtype == np.float64
    assert cnn(dtype=None).fit(COLOUR.astype("f4"), DIGITS).coefs_[0].dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(value):
    bad = IMAGES.copy()
    bad[3, 4, 5] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        cnn().fit(bad, DIGITS)
    fitted = cnn().fit(IMAGES, DIGITS)
    for X in (bad, flat(bad), bad.astype(np.float32), bad.tolist()):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            fitted.predict(X)


# ---- standardisation ----------------------------------------------------------------------------


@pytest.mark.parametrize("channels_first", [False, True])
def test_channel_statistics(channels_first, monkeypatch):
    monkeypatch.setattr("sknn.inputs.images.CHUNK", 200)  # several chunks
    images = COLOUR.astype(float)
    images[..., 2] = 0.1  # constant
    weights = np.arange(60) % 4.0
    samples = np.flatnonzero(weights)
    X = flat(first(images)) if channels_first else flat(images)
    means, scales = channel_statistics(X, samples, weights, (5, 6, 3), channels_first)
    repeated = np.repeat(images, weights.astype(int), axis=0)
    np.testing.assert_allclose(means, repeated.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(scales[:2], repeated.std(axis=(0, 1, 2))[:2])
    assert scales[2] == 1


def test_input_is_standardised_by_channel():
    fitted = cnn().fit(COLOUR, DIGITS)
    values = fitted.feature_maps(COLOUR, layer=0)
    np.testing.assert_allclose(values.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=(0, 1, 2)), 1, atol=1e-5)
    scaled = (COLOUR - fitted.channel_means_) / fitted.channel_scales_
    np.testing.assert_allclose(values, scaled, atol=1e-5)
    raw = cnn(standardize=False).fit(COLOUR, DIGITS)
    np.testing.assert_array_equal(raw.feature_maps(COLOUR, layer=0), COLOUR)


def test_a_constant_offset_and_scale_change_nothing():
    a = cnn(dtype="float64").fit(IMAGES, DIGITS)
    b = cnn(dtype="float64").fit(1000 + 50 * IMAGES, DIGITS)
    np.testing.assert_allclose(a.predict_proba(IMAGES), b.predict_proba(1000 + 50 * IMAGES), 1e-6)


def test_a_holdout_is_not_learned_from():
    net = cnn(early_stopping=True, validation_fraction=0.5).fit(IMAGES, DIGITS)
    assert net.channel_means_[0] != pytest.approx(IMAGES.mean(), rel=1e-9)


def test_behind_a_scaler():
    X = StandardScaler().fit_transform(flat(IMAGES))
    fitted = cnn(image_shape=(8, 8), standardize=False).fit(X, DIGITS)
    np.testing.assert_array_equal(fitted.predict(X), fitted.predict(X.reshape(-1, 8, 8)))


# ---- test-time augmentation ---------------------------------------------------------------------


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("shape", [(4, 5), (1, 5), (4, 1), (1, 1)])
def test_views(shape, mirrored):
    images = np.arange(2.0 * shape[0] * shape[1]).reshape(2, *shape, 1)
    views = list(views_to_average(images, mirrored, reflect=False))
    assert sum(weight for weight, _ in views) == 1
    assert len(views) == (6 if mirrored else 3)
    assert all(view.shape == images.shape for _, view in views)
    if shape == (4, 5):
        step = 2 if mirrored else 1
        np.testing.assert_array_equal(views[step][1][:, 1:, 1:], images[:, :-1, :-1])
        np.testing.assert_array_equal(views[2 * step][1][:, :-1, :-1], images[:, 1:, 1:])


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("make", [cnn, mixer])
def test_predictions_average_the_views(make, channels_first, monkeypatch):
    images = first(COLOUR) if channels_first else COLOUR
    augmentation = Augmentation(horizontal_flip=True, padding_mode="reflect")
    fitted = make(channels_first=channels_first, augmentation=augmentation).fit(images, DIGITS)
    expected = sum(
        weight * fitted.decision_function(first(view) if channels_first else view)
        for weight, view in views_to_average(COLOUR, True, True)
    )
    fitted.set_params(test_time_augmentation=True)
    monkeypatch.setattr("sknn.inputs.images.CHUNK", 50)
    np.testing.assert_allclose(fitted.decision_function(images), expected, atol=1e-5)
    proba = fitted.predict_proba(images)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(proba.argmax(axis=1), fitted.predict(images))


def test_predictions_average_for_every_link():
    y = (DIGITS > 4).astype(int)
    for targets in (y, np.column_stack([y, 1 - y]), np.column_stack([DIGITS, y])):
        fitted = cnn(test_time_augmentation=True).fit(COLOUR, targets)
        proba = fitted.predict_proba(COLOUR)
        for part in proba if isinstance(proba, list) else [proba]:
            assert ((part >= 0) & (part <= 1)).all()
    assert (
        cnn_regressor(test_time_augmentation=True, loss="poisson").fit(COLOUR, y).predict(COLOUR)
        > 0
    ).all()


def test_augmented_fits_differ_and_are_seeded():
    layers = [Conv2D(4, 3)]
    plain = cnn(layers=layers).fit(COLOUR, DIGITS)
    augmented = [
        cnn(layers=layers, augmentation=Augmentation(True, shift=1)).fit(COLOUR, DIGITS)
        for _ in range(2)
    ]
    assert same_bits(*augmented)
    assert not same_bits(plain, augmented[0])
