"""CNNs: which layers the parameters mean, layers in a list, and training as for the MLP."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, CNNRegressor
from sknn.augmentation import Augmentation
from sknn.estimators.families import AUTO_EPOCHS, CNNFamily
from sknn.layers import (
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from sknn.optimizers import SGD
from sknn.presets import ConvNet, LeNet5
from tests.estimators.samples import DIGITS, IMAGES, cnn, cnn_regressor, same_bits

BOTH = [cnn, cnn_regressor]


def layers_of(fitted):
    return [repr(layer) for layer in fitted._architecture_[0]]


# ---- plain parameters ---------------------------------------------------------------------------


def test_plain_parameters_mean_layers():
    fitted = cnn(filters="4x2", dropout=0.5, padding="valid", kernel_size=(3, 2))
    fitted.fit(IMAGES, DIGITS)
    expected = [
        Conv2D(4, (3, 2), padding="valid"),
        MaxPool2D((2, 2)),
        Conv2D(4, (3, 2), padding="valid"),
        MaxPool2D((1, 2)),
        Dense(8),
        Dropout(0.5),
    ]
    assert layers_of(fitted) == [repr(layer) for layer in expected]
    assert fitted.n_layers_ == 8


def test_batch_norm_stands_between_convolution_and_activation():
    fitted = cnn(batch_norm=True, activation="tanh", pool_size=1).fit(IMAGES, DIGITS)
    convolution = Conv2D(4, (3, 3), padding="same", bias=False, activation="identity")
    expected = [convolution, BatchNorm(), Activation("tanh"), Dense(8)]
    assert layers_of(fitted) == [repr(layer) for layer in expected]
    assert [a.shape for a in fitted.batch_means_ + fitted.batch_variances_] == [(4,), (4,)]
    assert not fitted.intercepts_[0].any()


@pytest.mark.parametrize("shape", [(1, 30), (2, 2), (1, 1), (3, 1), (40, 1)])
@pytest.mark.parametrize("padding", ["same", "valid", 1])
def test_kernels_and_pools_are_clipped_to_what_reaches_them(shape, padding):
    X = np.random.RandomState(0).uniform(size=(20, *shape))
    fitted = cnn(filters=(4, 4, 4), kernel_size=5, pool_size=3, padding=padding)
    fitted.fit(X, np.arange(20) % 2)
    assert fitted.predict(X).shape == (20,)
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"pool_size": (2, 0)}, "pool_size"),
        ({"padding": (1, -1)}, "padding"),
        ({"padding": "full"}, "padding"),
        ({"filters": (4, 0)}, "filters"),
        ({"filters": "4y2"}, "filters"),
        ({"dropout": (0.1, 0.1, 0.1)}, "dropout"),
        ({"activation": "sine"}, "activation"),
        ({"image_shape": (8, 8, 1, 1)}, "image_shape"),
        ({"image_shape": (8, 0)}, "image_shape"),
        ({"augmentation": "flip"}, "augmentation"),
        ({"augmentation": Augmentation(shift=8)}, "shift=8"),
        ({"max_iter": "all"}, "max_iter"),
        ({"layers": "LeNet5"}, "layers"),
    ],
)
def test_wrong_parameters_raise_and_leave_the_estimator_unfitted(wrong, match):
    net = cnn(**wrong)
    with pytest.raises(ValueError, match=match):
        net.fit(IMAGES, DIGITS)
    assert not [name for name in vars(net) if name.endswith("_")]


def test_epochs_depend_on_the_number_of_samples():
    epochs = [CNNFamily().epochs(cnn(max_iter="auto"), n) for n in (1, 500, 5_000, 20_000, 60_000)]
    assert epochs[0] == epochs[1] == AUTO_EPOCHS[0][1]
    assert epochs == sorted(epochs, reverse=True)
    tiny = cnn(max_iter="auto", filters=1, hidden_layer_sizes=(), tol=0)
    tiny.set_params(n_iter_no_change=np.inf).fit(IMAGES[:20], DIGITS[:20])
    assert tiny.n_iter_ == AUTO_EPOCHS[0][1]


def test_signatures_agree():
    own = {"class_weight", "label_smoothing"}, {"loss", "quantile", "delta"}
    classifier, regressor = CNNClassifier().get_params(), CNNRegressor().get_params()
    assert set(classifier) - set(regressor) == own[0]
    assert set(regressor) - set(classifier) == own[1]
    assert all(classifier[name] == regressor[name] for name in set(classifier) & set(regressor))


# ---- layers -------------------------------------------------------------------------------------


def small_layers():
    return [Conv2D(4, 3), MaxPool2D(2), Flatten(), Dense(8, activation="tanh")]


@pytest.mark.parametrize("make", BOTH)
def test_layers_are_the_hidden_layers_and_nothing_else(make):
    layers = small_layers()
    fitted = make(layers=layers).fit(IMAGES, DIGITS)
    assert layers_of(fitted) == [repr(layer) for layer in layers]
    assert [np.shape(coef)[-1] for coef in fitted.coefs_] == [4, 8, fitted.n_outputs_]
    assert fitted.coefs_[0].shape == (3, 3, 1, 4)
    assert fitted.layers is layers


def test_dense_layers_come_last():
    for layers, sizes, expected in [
        (None, 5, [Dense(5)]),
        (ConvNet(4, dropout=0.5), "6x1", [Dense(6), Dropout(0.5)]),
        (ConvNet(4), (), [MaxPool2D((2, 2))]),
        (small_layers(), (7, 3), [Dense(7), Dense(3)]),
    ]:
        net = CNNClassifier(layers, hidden_layer_sizes=sizes, max_iter=1).fit(IMAGES, DIGITS)
        assert layers_of(net)[-len(expected) :] == [repr(layer) for layer in expected]


def test_no_hidden_layer_is_a_linear_model():
    assert cnn(layers=[]).fit(IMAGES, DIGITS).coefs_[0].shape == (64, 10)


def test_layers_take_the_activation_of_the_estimator():
    a = cnn(layers=[Conv2D(4, 3), Dense(8)], activation="tanh").fit(IMAGES, DIGITS)
    named = [Conv2D(4, 3, activation="tanh"), Dense(8, activation="tanh")]
    b = cnn(layers=named).fit(IMAGES, DIGITS)
    np.testing.assert_array_equal(a.transform(IMAGES), b.transform(IMAGES))
    assert np.abs(a.transform(IMAGES)).max() <= 1


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        ([Conv2D(4, 3), Conv2D(4, 9)], r"layers\[1\] = Conv2D\(.*6 x 6"),
        ([MaxPool2D(9)], r"layers\[0\] = MaxPool2D\(.*8 x 8"),
        ([Flatten(), Conv2D(4, 3)], r"layers\[1\] = Conv2D\(.*64 values"),
        ([Conv2D(4, 3), "relu"], r"layers\[1\]='relu' is no layer"),
        ([Dense], r"layers\[0\]=.* is no layer"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers, match):
    with pytest.raises(ValueError, match=match):
        cnn(layers=layers).fit(IMAGES, DIGITS)


def test_layers_changed_after_fit_do_not_change_predictions():
    fitted = cnn(layers=small_layers()).fit(IMAGES, DIGITS)
    before = fitted.predict_proba(IMAGES)
    fitted.set_params(layers__0__filters=9)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(IMAGES), before)


def test_nested_parameters():
    net = cnn(layers=small_layers(), augmentation=Augmentation(), solver=SGD())
    parameters = net.get_params()
    assert parameters["layers__0__filters"] == 4
    assert parameters["layers__0"] is net.layers[0]
    assert "layers__0" not in net.get_params(deep=False)
    before = net.layers
    net.set_params(
        layers__1=Dropout(0.1),
        layers__0__filters=7,
        layers__1__rate=0.2,
        augmentation__shift=1,
        solver__momentum=0.3,
    )
    assert (net.layers[0].filters, net.layers[1].rate) == (7, 0.2)
    assert isinstance(before[1], MaxPool2D)  # a list of the user's is not changed
    assert (net.augmentation.shift, net.solver.momentum) == (1, 0.3)
    net.set_params(layers=[Dense(3)], layers__0__units=5)
    assert net.layers[0].units == 5


@pytest.mark.parametrize(
    "name", ["layers__9", "layers__9__filters", "layers__x", "layers__0__size"]
)
def test_nested_parameters_that_are_not_there_raise(name):
    with pytest.raises(ValueError, match="Invalid parameter"):
        cnn(layers=small_layers()).set_params(**{name: 1})
    with pytest.raises(ValueError, match="Invalid parameter"):
        cnn().set_params(**{name: 1})


def test_representations():
    net = cnn(layers=small_layers(), augmentation=Augmentation(shift=1))
    assert "MaxPool2D" in repr(net)
    assert "CNNClassifier" in net._repr_html_()


def test_skops_needs_to_trust_what_the_user_named():
    sio = pytest.importorskip("skops.io")
    fitted = cnn(layers=small_layers(), augmentation=Augmentation(shift=1)).fit(IMAGES, DIGITS)
    data = sio.dumps(fitted)
    untrusted = sio.get_untrusted_types(data=data)
    own = ("sknn.estimators.cnn_classifier.", "sknn.layers.", "sknn.augmentation.")
    assert all(name.startswith(own) for name in untrusted)
    restored = sio.loads(data, trusted=untrusted)
    np.testing.assert_array_equal(restored.predict_proba(IMAGES), fitted.predict_proba(IMAGES))


def test_clone_copies_layers():
    net = cnn(layers=small_layers())
    cloned = clone(net)
    assert repr(cloned) == repr(net)
    assert cloned.layers[0] is not net.layers[0]
    cloned.set_params(layers__0__filters=9)
    assert net.layers[0].filters == 4


def test_layers_are_searched():
    grid = {"layers__0__filters": [2, 3], "augmentation__shift": [0, 1]}
    net = cnn(layers=small_layers(), augmentation=Augmentation())
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(IMAGES, DIGITS)
    filters = search.best_params_["layers__0__filters"]
    assert search.best_estimator_.coefs_[0].shape == (3, 3, 1, filters)
    assert net.layers[0].filters == 4


def test_plain_parameters_are_searched_and_validated_across():
    grid = {"layers__filters": [(2,), "2x2"], "layers__batch_norm": [False, True]}
    GridSearchCV(cnn(), grid, cv=2, error_score="raise").fit(IMAGES, DIGITS)
    net = make_pipeline(StandardScaler(), cnn(image_shape=(8, 8)))
    assert len(cross_val_score(net, IMAGES.reshape(60, -1), DIGITS, cv=3)) == 3


def test_a_preset_trains():
    images = np.random.RandomState(0).randint(0, 255, (20, 28, 28), dtype=np.uint8)
    fitted = cnn(layers=LeNet5(), max_iter=1).fit(images, np.arange(20) % 10)
    assert fitted.summary().n_parameters == 61_706


# ---- training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", BOTH)
def test_learns(make):
    larger = {"filters": (8,), "hidden_layer_sizes": (32,)}
    fitted = make(**larger, max_iter=100, learning_rate_init=0.01).fit(IMAGES, DIGITS)
    assert fitted.score(IMAGES, DIGITS) > 0.9


@pytest.mark.parametrize("make", BOTH)
def test_validation_data_and_early_stopping(make):
    flat = IMAGES.reshape(60, -1)
    fitted = make(early_stopping="auto", max_iter=5)
    fitted.fit(IMAGES[:40], DIGITS[:40], X_val=flat[40:], y_val=DIGITS[40:])
    assert len(fitted.validation_scores_) == fitted.n_iter_
    best = fitted.best_validation_score_
    assert fitted.score(IMAGES[40:], DIGITS[40:]) == pytest.approx(best, abs=1e-5)
    split = make(early_stopping=True, validation_fraction=0.3, batch_norm=True).fit(IMAGES, DIGITS)
    assert len(split.validation_scores_) == split.n_iter_


def test_batch_norm_without_scale_and_with_a_rate_of_its_own():
    """After one step of gradient descent β is as many times what it is at a factor of one."""

    def fitted(norm):
        layers = [Conv2D(4, 3, bias=False, activation="identity"), norm, Activation("relu")]
        plain = SGD(momentum=0, nesterov=False)
        return cnn(layers=layers, solver=plain, max_iter=1).fit(IMAGES, DIGITS)

    plain, fast = fitted(BatchNorm()), fitted(BatchNorm(scale=False, bias_lr_multiplier=64))
    assert plain.intercepts_[1].all()
    np.testing.assert_allclose(fast.intercepts_[1], 64 * plain.intercepts_[1], rtol=1e-5)
    assert (fast.coefs_[1] == 1).all()
    assert (plain.coefs_[1] != 1).all()
    np.testing.assert_array_equal(fast.coefs_[0], plain.coefs_[0])


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_best_weights_bring_their_statistics(batch_norm):
    net = cnn(early_stopping=True, batch_norm=batch_norm, max_iter=8, learning_rate_init=0.05)
    net.fit(IMAGES[:40], DIGITS[:40])
    net.set_params(early_stopping="auto")
    net.fit(IMAGES[:40], DIGITS[:40], X_val=IMAGES[40:], y_val=DIGITS[40:])
    assert net.score(IMAGES[40:], DIGITS[40:]) == pytest.approx(net.best_validation_score_)


def test_a_scorer_of_the_users():
    net = cnn(early_stopping="auto", scoring="neg_log_loss")
    y = DIGITS % 2
    net.fit(IMAGES[:40], y[:40], X_val=IMAGES[40:], y_val=y[40:])
    losses = -np.array(net.validation_loss_curve_)
    np.testing.assert_allclose(net.validation_scores_, losses, rtol=1e-4)


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_partial_fit_and_copies_go_on_bit_for_bit(make, batch_norm):
    net = make(batch_size=20, batch_norm=batch_norm, dropout=0.1)
    classes = {"classes": np.arange(10)} if make is cnn else {}
    net.partial_fit(IMAGES[:30], DIGITS[:30], **classes)
    means = net.channel_means_.copy()
    for copied in (copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))):
        restored = copied(net)
        np.testing.assert_array_equal(restored.predict(IMAGES), net.predict(IMAGES))
        a = copy.deepcopy(net).partial_fit(IMAGES[30:], DIGITS[30:])
        b = restored.partial_fit(IMAGES[30:], DIGITS[30:])
        assert same_bits(a, b)
        np.testing.assert_array_equal(a.channel_means_, means)
        for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_partial_fit_has_no_end_that_a_schedule_could_plan_for():
    planned, constant = (
        cnn(max_iter="auto", batch_size=20, learning_rate=name)
        for name in ("one_cycle", "constant")
    )
    for _ in range(3):
        planned.partial_fit(IMAGES, DIGITS, classes=np.arange(10))
        constant.partial_fit(IMAGES, DIGITS, classes=np.arange(10))
    assert same_bits(planned, constant)


def test_warm_start_goes_on_and_refuses_another_network():
    net = cnn(warm_start=True, batch_norm=True).fit(IMAGES, DIGITS)
    before = net.t_
    net.fit(IMAGES, DIGITS)
    assert net.t_ == 2 * before
    with pytest.raises(ValueError, match="warm_start=False"):
        net.set_params(layers__filters=(5,)).fit(IMAGES, DIGITS)


def test_weights_of_samples_and_classes():
    weights = np.where(DIGITS < 5, 2.0, 0.0)
    kept = DIGITS < 5
    a = cnn(dtype="float64").fit(IMAGES, DIGITS, sample_weight=np.where(kept, 1.0, 0.0))
    np.testing.assert_allclose(a.channel_means_, [IMAGES[kept].mean()])
    b = cnn(class_weight="balanced").fit(IMAGES, DIGITS, sample_weight=weights)
    assert np.isin(b.predict(IMAGES), np.arange(10)).all()


def test_time_and_a_planned_end():
    with pytest.warns(UserWarning, match="max_time"):
        cnn(max_iter=10**6, max_time=0.05, tol=0, n_iter_no_change=np.inf).fit(IMAGES, DIGITS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cnn().fit(IMAGES, DIGITS)


def test_lbfgs():
    net = cnn(solver="lbfgs", max_iter=60, hidden_layer_sizes=(32,))
    assert net.fit(IMAGES, DIGITS).score(IMAGES, DIGITS) > 0.9
    for wrong in (
        {"augmentation": Augmentation(shift=1)},
        {"batch_norm": True},
        {"dropout": 0.1},
        {"layers": [Dropout(0.1), GlobalAvgPool2D()]},
        {"layers": [Residual([Dropout(0.1)]), GlobalAvgPool2D()]},
    ):
        with pytest.raises(ValueError, match="lbfgs"):
            cnn(solver="lbfgs", **wrong).fit(IMAGES, DIGITS)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("augmentation", [None, Augmentation(True, shift=1)])
def test_same_bits_for_any_number_of_threads(n_threads, augmentation):
    larger = {
        "filters": (32, 32),
        "hidden_layer_sizes": (64,),
        "augmentation": augmentation,
    }
    one = cnn(n_threads=1, batch_norm=True, dropout=0.2, **larger).fit(IMAGES, DIGITS)
    several = clone(one).set_params(n_threads=n_threads).fit(IMAGES, DIGITS)
    assert same_bits(one, several)
    np.testing.assert_array_equal(one.batch_variances_[0], several.batch_variances_[0])
    np.testing.assert_array_equal(one.predict_proba(IMAGES), several.predict_proba(IMAGES))
