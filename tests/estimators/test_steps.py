"""Weights by hand, every layer's values, gradients; the lecture's network with its numbers."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit, logit, softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknn import MLPClassifier, MLPRegressor
from sknn.estimators.prediction import NetworkPrediction
from sknn.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual
from sknn.presets import ConvNet
from tests import reference_network
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    NUMBERS,
    TARGETS,
    X_NUMBERS,
    X,
    Y,
    classifier,
    cnn,
    cnn_regressor,
    regressor,
    same_bits,
    weights_of,
)

# ---- the lecture's network -----------------------------------------------------------------------

#: shooting, running, dribbling; is it a top player?
PLAYERS, TOP = np.array([[7.0, 8.0, 8.0], [3.0, 5.0, 4.0]]), np.array([1, 0])
PLAYER = PLAYERS[:1]
#: of hidden units whose weights the lecture does not show
OTHER_UNITS = [0.68, 0.95, 0.59]


@pytest.fixture
def lecture():
    """Of units 2 to 4 biases alone make the outputs."""
    W = np.zeros((3, 4))
    W[:, 0] = 0.5, -0.3, 0.1
    b = [0.0, *logit(OTHER_UNITS)]
    net = MLPClassifier((4,), activation="logistic", dtype="float64")
    return net.initialize(PLAYERS, TOP).set_weights([W, [[0.7], [-0.4], [0.2], [0.3]], b, [0.0]])


def test_forward_by_hand(lecture):
    hidden, output = lecture.forward_steps(PLAYER)
    assert hidden.function == output.function == "logistic"
    assert hidden.pre_activation[0, 0] == pytest.approx(1.9)
    np.testing.assert_allclose(hidden.activation, [[0.87, *OTHER_UNITS]], atol=0.005)
    assert output.pre_activation[0, 0] == pytest.approx(0.704, abs=5e-4)
    assert output.activation[0, 0] == pytest.approx(0.67, abs=0.005)
    np.testing.assert_allclose(-np.log(lecture.predict_proba(PLAYER)), [[1.106, 0.402]], atol=5e-4)


def test_gradients_by_the_chain_rule(lecture):
    (dW, dv), (db, dc) = lecture.gradients(PLAYER, [1])
    hidden, output = lecture.forward_steps(PLAYER)
    delta = output.activation - 1
    np.testing.assert_allclose(dv, hidden.activation.T * delta)
    np.testing.assert_allclose(dc, delta[0])
    back = delta * lecture.coefs_[1].T * hidden.activation * (1 - hidden.activation)
    np.testing.assert_allclose(dW, PLAYER.T @ back)
    np.testing.assert_allclose(db, back[0])
    assert dv[0, 0] == pytest.approx(-0.288, abs=5e-4)  # the slide: -.44
    assert dW[0, 0] == pytest.approx(-0.184, abs=5e-4)  # the slide: -.282


def test_the_slides_figures_are_explained(lecture):
    """1/.44 in place of 1/.67, and the slope at .67 in place of .704, make the slide's gradients."""
    hidden, output = lecture.forward_steps(PLAYER)
    slope = expit(0.67) * (1 - expit(0.67))
    assert -1 / 0.44 * slope * 0.87 == pytest.approx(-0.44, abs=0.005)
    first = hidden.activation[0, 0]
    assert -1 / 0.44 * slope * 0.7 * first * (1 - first) * 7 == pytest.approx(-0.282, abs=5e-4)
    assert output.activation[0, 0] * (1 - output.activation[0, 0]) < slope  # at .704 it is smaller


# ---- gradients of anything -----------------------------------------------------------------------

CONVOLUTIONAL = {
    "plain": {"layers": ConvNet(filters=(3,), hidden_layer_sizes=(5,), dropout=0.5)},
    "batch_norm": {"layers": [Conv2D(3, 3, activation="tanh"), BatchNorm(), Dropout(0.3)]},
    "residual": {
        "layers": [
            Conv2D(2, 3, padding="same", activation="silu"),
            Residual([Conv2D(2, 3, padding="same", activation="gelu"), Dropout(0.4)]),
            MaxPool2D(4),
        ]
    },
}
DOUBLE = {"dtype": "float64", "alpha": 0.5, "max_iter": 2}


def small(build, **parameters):
    return build(**{**DOUBLE, **parameters})


def loss_of(net, X, y, sample_weight=None):
    """The reference's mean loss of a fitted network."""
    network, _ = NetworkPrediction(net).program()
    layers = [clone(layer) for layer in network.layers if not isinstance(layer, Dropout)]
    for layer in layers:
        if isinstance(layer, Residual):
            layer.layers = [f for f in layer.layers if not isinstance(f, Dropout)]
    images = hasattr(net, "image_shape_")
    x = net._input().entering(np.asarray(X)) if images else np.asarray(X)
    targets = net._targets()
    loss = targets.loss
    value, *_ = reference_network.loss_and_gradient(
        layers,
        (net.coefs_, net.intercepts_),
        x,
        targets.encode(targets.check(np.asarray(y)), np.dtype("float64")),
        loss,
        sample_weight=sample_weight,
        activation=network.plan.activation,
    )
    return value


def assert_slopes(net, X, y, sample_weight=None, class_weights=1.0):
    """Central differences of the loss, of some weights of each array."""
    gradients = net.gradients(X, y, sample_weight)
    weights = class_weights * (np.ones(len(y)) if sample_weight is None else sample_weight)
    arrays = [*net.coefs_, *net.intercepts_]
    step, random = 1e-5, np.random.default_rng(0)
    for array, found in zip(arrays, [*gradients.coefs, *gradients.intercepts], strict=True):
        assert found.shape == array.shape
        for at in {tuple(random.integers(0, array.shape)) for _ in range(6)}:
            kept = array[at]
            array[at] = kept + step
            up = loss_of(net, X, y, weights)
            array[at] = kept - step
            down = loss_of(net, X, y, weights)
            array[at] = kept
            assert found[at] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("more", [{}, {"label_smoothing": 0.2}, {"dropout": 0.4}])
def test_gradients_of_classifiers(target, more):
    net = small(classifier, activation="tanh", hidden_layer_sizes=(5, 4), **more)
    y = TARGETS[target]
    assert_slopes(net.fit(X, y), X[::10], y[::10])


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson", "quantile"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gradients_of_regressors(loss, n_outputs):
    y = np.abs(NUMBERS[:60] if n_outputs == 1 else NUMBERS[:120].reshape(60, 2))
    net = small(regressor, activation="silu", loss=loss).fit(X_NUMBERS[:60], y)
    assert_slopes(net, X_NUMBERS[:60], y, np.linspace(0.5, 2, 60))


@pytest.mark.parametrize("case", CONVOLUTIONAL)
@pytest.mark.parametrize("build", [cnn, cnn_regressor])
def test_gradients_of_images(case, build):
    y = DIGITS if build is cnn else DIGITS / 10
    net = small(build, **CONVOLUTIONAL[case]).fit(IMAGES, y)
    assert_slopes(net, IMAGES[:12], y[:12])


def test_gradients_weigh_samples_and_classes():
    weights = np.where(np.arange(len(Y)) % 2, 1.5, 0.0)
    net = small(classifier, class_weight={1: 4.0}).fit(X, Y)
    assert_slopes(net, X, Y, weights, np.where(Y == 1, 4.0, 1.0))
    kept = weights > 0
    for a, b in zip(net.gradients(X, Y, weights), net.gradients(X[kept], Y[kept]), strict=True):
        np.testing.assert_allclose(
            np.hstack(list(map(np.ravel, a))), np.hstack(list(map(np.ravel, b)))
        )


def test_gradients_are_means_and_leave_nothing_behind():
    net = small(classifier, dropout=0.3).fit(X, Y)
    before = weights_of(net), net.get_params(), sorted(vars(net))
    one_by_one = [net.gradients(X[i : i + 1], Y[i : i + 1]).coefs[0] for i in range(len(X))]
    np.testing.assert_allclose(
        net.gradients(X, Y).coefs[0], np.mean(one_by_one, axis=0), atol=1e-15
    )
    np.testing.assert_array_equal(weights_of(net), before[0])
    assert (net.get_params(), sorted(vars(net))) == before[1:]


def test_gradients_of_sparse_rows_are_those_of_dense_ones():
    rows = np.where(X > 0, X, 0)
    net = small(classifier, dropout=(0.2, 0.3)).fit(rows, Y)
    dense, sparse = net.gradients(rows, Y), net.gradients(sp.csr_matrix(rows), Y)
    for a, b in zip(dense.coefs + dense.intercepts, sparse.coefs + sparse.intercepts, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_gradients_have_the_bits_of_one_thread():
    many = np.repeat(X, 20, axis=0), np.repeat(Y, 20)
    net = classifier(hidden_layer_sizes=(150, 90)).fit(X, Y)
    one, two, three = (
        net.set_params(n_threads=n).gradients(*many).coefs + [np.zeros(0)] for n in (1, 2, 3)
    )
    for a, b, c in zip(one, two, three, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)
    assert one[0].dtype == np.float32


def test_gradients_of_frozen_weights_are_zero():
    net = cnn(layers=[Conv2D(3, 3, trainable=False), Conv2D(2, 3, bias=False)]).fit(IMAGES, DIGITS)
    coefs, intercepts = net.gradients(IMAGES, DIGITS)
    assert not coefs[0].any()
    assert not intercepts[1].any()
    assert coefs[1].any()
    assert intercepts[0].any()


def test_gradients_refuse_other_data():
    net = classifier().fit(X, Y)
    with pytest.raises(ValueError, match="classes not in"):
        net.gradients(X, Y + 1)
    with pytest.raises(ValueError, match="features"):
        net.gradients(X[:, :2], Y)
    with pytest.raises(ValueError, match="sample_weight"):
        net.gradients(X, Y, -np.ones(len(Y)))


# ---- forward steps -------------------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.5, (0.2, 0.0, 0.3)])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_steps_of_a_perceptron(dropout, form):
    names = ("tanh", "relu")
    net = small(classifier, hidden_layer_sizes=(6, 5), activation=names, dropout=dropout).fit(X, Y)
    steps = net.forward_steps(form(X))
    assert [step.function for step in steps] == [*names, "softmax"]
    functions = np.tanh, lambda z: np.maximum(z, 0), lambda z: softmax(z, axis=1)
    a = X
    for step, W, b, f in zip(steps, net.coefs_, net.intercepts_, functions, strict=True):
        np.testing.assert_allclose(step.pre_activation, a @ W + b, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(step.activation, f(step.pre_activation), rtol=1e-12, atol=1e-13)
        a = step.activation
    for number in (1, 2):
        values = net.transform(form(X), layer=number)
        np.testing.assert_array_equal(steps[number - 1].activation, values)
    np.testing.assert_array_equal(steps[-1].activation, net.predict_proba(form(X)))


def test_steps_of_images():
    layers = [
        *(Conv2D(4, 3), MaxPool2D(2), BatchNorm(), Activation("tanh"), Flatten()),
        *(Dense(8, "gelu"), Dropout(0.5)),
    ]
    net = small(cnn, layers=layers).fit(IMAGES, DIGITS)
    steps = net.forward_steps(IMAGES[:7])
    functions = ["relu", "identity", "identity", "tanh", "identity", "gelu", "identity", "softmax"]
    assert [step.function for step in steps] == functions
    shapes = [(6, 6, 4), (3, 3, 4), (3, 3, 4), (3, 3, 4), (36,), (8,), (8,), (10,)]
    assert [step.activation.shape[1:] for step in steps] == shapes
    outputs = reference_network.forward(
        [*layers, Dense(10, "identity")],
        (net.coefs_, net.intercepts_),
        net._input().entering(IMAGES[:7]),
        statistics=(net.batch_means_, net.batch_variances_),
    )
    for step, expected in zip(steps[:-1], outputs, strict=False):
        np.testing.assert_allclose(step.activation, expected, rtol=1e-9, atol=1e-10)
    assert steps[0].pre_activation.min() < 0
    np.testing.assert_array_equal(np.maximum(steps[0].pre_activation, 0), steps[0].activation)
    np.testing.assert_array_equal(steps[3].pre_activation, steps[2].activation)
    np.testing.assert_array_equal(steps[6].pre_activation, steps[5].activation)


def test_steps_of_a_residual_layer_are_its_sum():
    inner = Residual([Conv2D(3, 3, padding="same", activation="relu")])
    net = small(cnn, layers=[Conv2D(3, 3, padding="same"), inner]).fit(IMAGES, DIGITS)
    step = net.forward_steps(IMAGES[:3])[1]
    assert step.function == "identity"
    np.testing.assert_array_equal(step.pre_activation, step.activation)
    np.testing.assert_array_equal(step.activation, net.feature_maps(IMAGES[:3], layer=2))


def test_steps_without_a_hidden_layer_and_of_a_poisson_regressor():
    net = small(regressor, hidden_layer_sizes=(), loss="poisson").fit(X, Y)
    (step,) = net.forward_steps(X)
    assert step.function == "exp"
    np.testing.assert_allclose(
        step.pre_activation[:, 0], np.log(net.predict(X)), rtol=1e-9, atol=1e-12
    )


def test_the_input_of_sparse_rows_is_spread_out():
    rows = sp.csr_matrix(np.where(X > 0, X, 0))
    for dropout in (0.0, (0.3, 0.2)):
        net = classifier(dropout=dropout).fit(rows, Y)
        np.testing.assert_array_equal(
            net.transform(rows, layer=0), rows.toarray().astype("float32")
        )


# ---- weights without training --------------------------------------------------------------------


def test_initialize_is_where_fit_starts():
    tiny = {"learning_rate_init": 1e-30, "max_iter": 1, "alpha": 0}
    for build, x, y in [(classifier, X, Y), (regressor, X_NUMBERS, NUMBERS), (cnn, IMAGES, DIGITS)]:
        untrained = build(dropout=0.2).initialize(x, y)
        fitted = build(dropout=0.2, **tiny).fit(x, y)
        np.testing.assert_allclose(weights_of(untrained), weights_of(fitted), rtol=0, atol=1e-20)
        assert untrained.predict(x).shape == y.shape
        assert (untrained.n_iter_, untrained.t_, untrained.loss_curve_) == (0, 0, [])
        assert untrained.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_training_goes_on_from_weights_by_hand(solver):
    rate = {"learning_rate_init": 1e-6, "max_fun": 1}
    net = classifier(solver=solver, warm_start=True, **rate).initialize(X, Y)
    ones = [np.ones_like(array) for array in net.get_weights()]
    net.set_weights(ones).fit(X, Y)
    assert net.n_iter_ > 0
    near = 0.1 if solver == "lbfgs" else 1e-3
    np.testing.assert_allclose(weights_of(net), 1, atol=near)
    if solver != "lbfgs":
        net.set_weights(ones).partial_fit(X, Y)
        np.testing.assert_allclose(weights_of(net), 1, atol=near)


def test_initialize_starts_anew():
    net = classifier(warm_start=True).fit(X, Y)
    assert len(net.loss_curve_) == 5
    net.initialize(X, Y)
    assert same_bits(net, classifier().initialize(X, Y))
    assert net.loss_curve_ == []


def test_initialize_checks_what_fit_checks():
    with pytest.raises(ValueError, match="alpha"):
        classifier(alpha=-1).initialize(X, Y)
    with pytest.raises(ValueError, match="dropout"):
        classifier(solver="lbfgs", dropout=0.5).initialize(X, Y)
    failed = classifier()
    with pytest.raises(ValueError, match="NaN"):
        failed.initialize(np.full_like(X, np.nan), Y)
    assert not hasattr(failed, "coefs_")


def test_nothing_inside_without_a_fit():
    for call in (lambda net: net.forward_steps(X), lambda net: net.gradients(X, Y)):
        with pytest.raises(NotFittedError):
            call(MLPRegressor())
