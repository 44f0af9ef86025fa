"""MLP-Mixers: which layers the parameters mean, the formula of the paper, and training as for the CNN."""

import pickle

import numpy as np
import pytest
from scipy.special import erf, softmax
from sklearn.model_selection import GridSearchCV, cross_val_score

from sknn import CNNClassifier, CNNRegressor, MLPMixerClassifier, MLPMixerRegressor
from sknn.augmentation import Augmentation
from sknn.displays import FilterDisplay
from sknn.layers import Conv2D, Dropout, GlobalAvgPool2D, LayerNorm, Residual, Transposed
from sknn.network.mixer import parse_patch_size
from tests.estimators.samples import DIGITS, IMAGES, mixer, mixer_regressor, same_bits

BOTH = [mixer, mixer_regressor]
OWN = {"dropout", "patch_size", "n_blocks", "hidden_dim", "tokens_mlp_dim", "channels_mlp_dim"}
#: of the CNN's
OTHER = {"layers", "hidden_layer_sizes"}


# ---- parameters ---------------------------------------------------------------------------------


def test_parameters_mean_layers():
    fitted = mixer(n_blocks=2, dropout=0.5, activation="tanh").fit(IMAGES, DIGITS)
    embedding = Conv2D(6, (3, 3), strides=(3, 3), padding="same", activation="identity")
    first, last = (
        [
            Conv2D(hidden, 1, activation="tanh"),
            Dropout(0.5),
            Conv2D(out, 1, bias=bias, activation="identity"),
        ]
        for hidden, out, bias in ((5, 9, False), (7, 6, True))
    )
    block = [Residual([LayerNorm(), Transposed(first)]), Residual([LayerNorm(), *last])]
    expected = [embedding, *block, *block, LayerNorm(), GlobalAvgPool2D()]
    assert list(map(repr, fitted._architecture_[0])) == list(map(repr, expected))
    assert fitted.feature_maps(IMAGES[:2], layer=-2).shape == (2, 3, 3, 6)


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        ("auto", (8, 8, 1), (2, 2)),
        ("auto", (1, 1, 1), (1, 1)),
        ("auto", (28, 28, 1), (4, 4)),
        ("auto", (32, 20, 3), (4, 4)),
        ("auto", (1, 64, 1), (1, 8)),
        ("auto", (65, 3, 1), (9, 3)),
        (4, (32, 32, 3), (4, 4)),
        ((2, 3), (32, 32, 3), (2, 3)),
        (16, (8, 20, 3), (8, 16)),
    ],
)
def test_patches(value, shape, expected):
    assert parse_patch_size(value, shape) == expected


@pytest.mark.parametrize("shape", [(1, 30), (2, 2), (1, 1), (3, 1), (7, 5)])
@pytest.mark.parametrize("patch_size", [1, 3, (2, 4), 50])
def test_any_patch_on_any_image(shape, patch_size):
    X = np.random.RandomState(0).uniform(size=(20, *shape))
    fitted = mixer(patch_size=patch_size).fit(X, np.arange(20) % 2)
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"patch_size": 0}, "patch_size"),
        ({"patch_size": (2, 2, 2)}, "patch_size"),
        ({"patch_size": "large"}, "patch_size"),
        ({"n_blocks": -1}, "n_blocks"),
        ({"hidden_dim": 0}, "hidden_dim"),
        ({"tokens_mlp_dim": 2.5}, "tokens_mlp_dim"),
        ({"channels_mlp_dim": None}, "channels_mlp_dim"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": (0.1, 0.1)}, "dropout"),
        ({"activation": "sine"}, "activation"),
        ({"image_shape": (8, 9)}, "image_shape"),
        ({"augmentation": Augmentation(shift=8)}, "shift=8"),
    ],
)
def test_wrong_parameters_raise_and_leave_the_estimator_unfitted(wrong, match):
    net = mixer(**wrong)
    with pytest.raises(ValueError, match=match):
        net.fit(IMAGES, DIGITS)
    assert not [name for name in vars(net) if name.endswith("_")]


@pytest.mark.parametrize(
    ("mixers", "cnns"),
    [(MLPMixerClassifier, CNNClassifier), (MLPMixerRegressor, CNNRegressor)],
)
def test_signatures_agree_with_those_of_a_cnn(mixers, cnns):
    own, other = mixers().get_params(), cnns().get_params()
    assert set(own) - set(other) == OWN
    assert set(other) - set(own) == OTHER
    differ = {name for name in set(own) & set(other) if own[name] != other[name]}
    assert differ == {"activation"}


# ---- what is computed ---------------------------------------------------------------------------


def norm(U, gamma, beta):
    centred = U - U.mean(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(U.var(axis=-1, keepdims=True) + 1e-5) + beta


def gelu(v):
    return v * (1 + erf(v / np.sqrt(2))) / 2


def test_the_formula_of_the_paper():
    """From fitted arrays; patches of 3 that do not divide 8 pixels lie between half a pixel of zeros."""
    fitted = mixer(n_blocks=2, dtype="float64", max_iter=20).fit(IMAGES, DIGITS)
    arrays = iter(zip(fitted.coefs_, fitted.intercepts_, strict=True))
    images = (IMAGES - fitted.channel_means_) / fitted.channel_scales_
    padded = np.pad(images, ((0, 0), (0, 1), (0, 1)))
    patches = padded.reshape(-1, 3, 3, 3, 3).transpose(0, 1, 3, 2, 4).reshape(-1, 9, 9)

    def dense(x):
        W, b = next(arrays)
        return x @ W.reshape(-1, W.shape[-1]) + b

    U = dense(patches)
    for _ in range(2):
        U = U + dense(gelu(dense(norm(U, *next(arrays)).transpose(0, 2, 1)))).transpose(0, 2, 1)
        U = U + dense(gelu(dense(norm(U, *next(arrays)))))
    mean = norm(U, *next(arrays)).mean(axis=1)
    np.testing.assert_allclose(fitted.transform(IMAGES), mean, atol=1e-10)
    np.testing.assert_allclose(fitted.predict_proba(IMAGES), softmax(dense(mean), axis=1), 1e-8)


@pytest.mark.parametrize("make", BOTH)
def test_all_shapes_of_the_same_images_are_the_same(make):
    """But for the last bits: the mean of a channel is summed in the order of memory."""
    colour = np.random.RandomState(0).randint(0, 255, (60, 5, 6, 3)).astype(np.uint8)
    wanted = make().fit(colour, DIGITS).transform(colour)
    first = np.ascontiguousarray(colour.transpose(0, 3, 1, 2))
    for X, parameters in (
        (colour.reshape(60, -1), {"image_shape": (5, 6, 3)}),
        (first, {"channels_first": True}),
        (first.reshape(60, -1), {"channels_first": True, "image_shape": (5, 6, 3)}),
    ):
        fitted = make(**parameters).fit(X, DIGITS)
        assert fitted.image_shape_ == (5, 6, 3)
        np.testing.assert_allclose(fitted.transform(X), wanted, atol=1e-5)


def test_no_block_is_a_linear_model_of_the_mean_patch():
    fitted = mixer(n_blocks=0).fit(IMAGES, DIGITS)
    assert len(fitted.coefs_) == 3


# ---- training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", BOTH)
def test_learns(make):
    larger = {"patch_size": 2, "hidden_dim": 16, "tokens_mlp_dim": 16, "channels_mlp_dim": 32}
    fitted = make(**larger, max_iter=150, learning_rate_init=0.01).fit(IMAGES, DIGITS)
    assert fitted.score(IMAGES, DIGITS) > 0.9


@pytest.mark.parametrize("make", BOTH)
def test_partial_fit_and_copies_go_on_bit_for_bit(make):
    net = make(batch_size=20, dropout=0.1)
    classes = {"classes": np.arange(10)} if make is mixer else {}
    net.partial_fit(IMAGES[:30], DIGITS[:30], **classes)
    restored = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(restored.predict(IMAGES), net.predict(IMAGES))
    net.partial_fit(IMAGES[30:], DIGITS[30:])
    assert same_bits(net, restored.partial_fit(IMAGES[30:], DIGITS[30:]))


def test_lbfgs():
    net = mixer(solver="lbfgs", max_iter=100, hidden_dim=16)
    assert net.fit(IMAGES, DIGITS).score(IMAGES, DIGITS) > 0.9
    for wrong in ({"augmentation": Augmentation(shift=1)}, {"dropout": 0.1}):
        with pytest.raises(ValueError, match="lbfgs"):
            mixer(solver="lbfgs", **wrong).fit(IMAGES, DIGITS)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_same_bits_for_any_number_of_threads(n_threads):
    larger = {"hidden_dim": 64, "n_blocks": 2, "tokens_mlp_dim": 64, "channels_mlp_dim": 128}
    larger |= {"augmentation": Augmentation(True, shift=1), "dropout": 0.1, "patch_size": 1}
    one = mixer(n_threads=1, **larger).fit(IMAGES, DIGITS)
    assert same_bits(one, mixer(n_threads=n_threads, **larger).fit(IMAGES, DIGITS))


def test_parameters_are_searched():
    search = GridSearchCV(mixer(), {"patch_size": [2, "auto"], "n_blocks": [0, 1]}, cv=2)
    assert search.fit(IMAGES, DIGITS).best_params_.keys() == {"patch_size", "n_blocks"}
    assert cross_val_score(mixer_regressor(), IMAGES, DIGITS, cv=2).shape == (2,)


def test_patches_are_filters():
    fitted = mixer().fit(IMAGES, DIGITS)
    display = FilterDisplay.from_estimator(fitted)
    np.testing.assert_array_equal(display.kernels, fitted.coefs_[0])
    with pytest.raises(ValueError, match="layer=2 is Residual"):
        FilterDisplay.from_estimator(fitted, layer=2)
