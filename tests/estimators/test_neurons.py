"""The first neurons, and what one hidden layer adds to them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import check_estimator

from sknn import McCullochPittsNeuron, MLPClassifier, PerceptronClassifier
from tests.estimators.samples import X as IRIS
from tests.estimators.samples import Y as SPECIES

PAIRS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "first": [0, 0, 1, 1]}
XOR = np.array([0, 1, 1, 0])

# ---- McCulloch and Pitts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neuron", "outputs"),
    [
        (McCullochPittsNeuron(2), [0, 0, 0, 1]),
        (McCullochPittsNeuron(1), [0, 1, 1, 1]),
        (McCullochPittsNeuron(3), [0, 0, 0, 0]),
        (McCullochPittsNeuron(0), [1, 1, 1, 1]),
        (McCullochPittsNeuron(1.5), [0, 0, 0, 1]),
        (McCullochPittsNeuron(0, inhibitory=[0]), [1, 1, 0, 0]),
        (McCullochPittsNeuron(0, inhibitory=[0, 1]), [1, 0, 0, 0]),
        (McCullochPittsNeuron(1, inhibitory=[1]), [0, 0, 1, 0]),
        (McCullochPittsNeuron(1, inhibitory=[False, True]), [0, 0, 1, 0]),
        (McCullochPittsNeuron(0, inhibitory=[]), [1, 1, 1, 1]),
    ],
)
def test_threshold_and_inhibition(neuron, outputs):
    for X in (PAIRS, PAIRS.astype(bool), PAIRS.astype(np.float32), PAIRS.tolist()):
        assert_array_equal(neuron.predict(X), outputs)
    assert neuron.fit(PAIRS, outputs).score(PAIRS, outputs) == 1
    assert_array_equal(neuron.classes_, [0, 1])


@given(st.integers(1, 6), st.integers(0, 7), st.data())
def test_inhibition_is_absolute(n, threshold, data):
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    X = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1))
    )
    neuron = McCullochPittsNeuron(threshold, inhibitory=mask)
    for x, fires in zip(X, neuron.predict(X), strict=True):
        forbidden = any(x[i] for i in range(n) if mask[i])
        excited = sum(x[i] for i in range(n) if not mask[i])
        assert fires == (not forbidden and excited >= threshold)
    by_index = clone(neuron).set_params(inhibitory=np.flatnonzero(mask))
    assert_array_equal(by_index.predict(X), neuron.predict(X))


def test_no_mcculloch_pitts_neuron_is_xor():
    masks = [(a, b) for a in (False, True) for b in (False, True)]
    neurons = [McCullochPittsNeuron(t, inhibitory=mask) for t in range(4) for mask in masks]
    assert not any(np.array_equal(neuron.predict(PAIRS), XOR) for neuron in neurons)
    hidden = [McCullochPittsNeuron(1, inhibitory=[i]).predict(PAIRS) for i in (0, 1)]
    assert_array_equal(McCullochPittsNeuron(1).predict(np.transpose(hidden)), XOR)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": -1}, "threshold"),
        ({"threshold": "1"}, "threshold"),
        ({"inhibitory": 1}, "inhibitory"),
        ({"inhibitory": [2]}, r"inhibitory=\[2\] must be indices of the inputs, 0 to 1"),
        ({"inhibitory": [-1]}, "inhibitory"),
        ({"inhibitory": [True]}, "a mask of 2 values"),
        ({"inhibitory": [0.5]}, "inhibitory"),
        ({"inhibitory": [[0], [1]]}, "inhibitory"),
    ],
)
def test_wrong_parameters_of_a_mcculloch_pitts_neuron_raise(parameters, message):
    neuron = McCullochPittsNeuron(**parameters)
    for method in (neuron.fit, neuron.predict):
        with pytest.raises(ValueError, match=message):
            method(PAIRS)


def test_inputs_and_outputs_that_are_not_binary_raise():
    for X in ([[0, 2]], [[0.5, 0]], [[-1, 1]]):
        with pytest.raises(ValueError, match="X of a McCullochPittsNeuron must be 0 or 1"):
            McCullochPittsNeuron().predict(X)
    with pytest.raises(ValueError, match="y of a McCullochPittsNeuron must be 0 or 1"):
        McCullochPittsNeuron().fit(PAIRS, [0, 1, 2, 0])
    with pytest.raises(ValueError, match="3 features, but McCullochPittsNeuron is expecting 2"):
        McCullochPittsNeuron().fit(PAIRS).predict([[0, 1, 1]])


def test_mcculloch_pitts_neuron_keeps_names_and_pickles():
    frame = pd.DataFrame(PAIRS, columns=["a", "b"])
    neuron = pickle.loads(pickle.dumps(McCullochPittsNeuron(2).fit(frame)))
    assert_array_equal(neuron.feature_names_in_, ["a", "b"])
    assert_array_equal(neuron.predict(frame), GATES["and"])
    with pytest.raises(ValueError, match="feature names"):
        neuron.predict(frame[["b", "a"]])


def test_scikit_learns_checks_of_a_mcculloch_pitts_neuron():
    """Those whose data is real must fail; those without data, or with data that must be refused, pass."""
    results = check_estimator(McCullochPittsNeuron(), on_fail=None, on_skip=None)
    passed = {r["check_name"] for r in results if r["status"] == "passed"}
    assert passed >= {
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_estimator_sparse_matrix",
        "check_estimators_empty_data_messages",
        "check_complex_data",
        "check_fit1d",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    }


# ---- the perceptron -------------------------------------------------------------------------------


def plain_perceptron(X, y, n_epochs):
    """The rule for two classes as it is written, row by row: (w, b, mistakes per epoch)."""
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        mistakes.append(0)
        for x, target in zip(X, y, strict=True):
            error = target - int(w @ x + b > 0)
            w, b = w + error * x, b + error
            mistakes[-1] += abs(error)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


@pytest.mark.parametrize("n_epochs", [1, 3, 50])
@pytest.mark.parametrize("name", [*GATES, "xor", "blobs", "overlapping"])
def test_perceptron_is_the_plain_rule(name, n_epochs):
    X, y = PAIRS, GATES.get(name, XOR)
    if name in ("blobs", "overlapping"):
        X, y = make_blobs(300, centers=[[0, 0], [9, 9]], random_state=0)
        X = np.round(X if name == "blobs" else 0.3 * X, 3) * 1024  # exact sums
        X = np.round(X)
    w, b, mistakes = plain_perceptron(X, y, n_epochs)
    net = PerceptronClassifier(max_iter=n_epochs, shuffle=False).fit(X, y)
    assert_array_equal(net.coef_, [w])
    assert_array_equal(net.intercept_, [b])
    assert net.mistakes_ == mistakes
    assert net.n_iter_ == len(mistakes)
    assert net.converged_ == (mistakes[-1] == 0)


def test_multiclass_rule():
    X, y = np.round(8 * IRIS), SPECIES
    net = PerceptronClassifier(max_iter=20, shuffle=False).fit(X, y)
    W, mistakes = np.zeros((3, X.shape[1] + 1)), []
    for _ in range(20):
        mistakes.append(0)
        for x, target in zip(np.column_stack([X, np.ones(len(X))]), y, strict=True):
            winner = np.argmax(W @ x)
            W[target] += x
            W[winner] -= x
            mistakes[-1] += winner != target
    assert_array_equal(np.column_stack([net.coef_, net.intercept_]), W)
    assert net.mistakes_ == mistakes
    assert_array_equal(net.predict(X), net.decision_function(X).argmax(axis=1))
    assert net.score(X, y) > 0.8


@given(st.integers(0, 10**6), st.floats(0.05, 0.5), st.integers(1, 4))
def test_novikoffs_bound(seed, margin, n_inputs):
    """Separable data: it converges, and with at most (R / γ)² mistakes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, n_inputs))
    separation = rng.normal(size=n_inputs + 1)
    separation /= np.linalg.norm(separation)
    distances = np.column_stack([X, np.ones(60)]) @ separation
    X, distances = X[abs(distances) >= margin], distances[abs(distances) >= margin]
    if len(np.unique(distances > 0)) < 2:
        return
    net = PerceptronClassifier(max_iter=10**4, random_state=seed).fit(X, distances > 0)
    largest = 1 + (X**2).sum(axis=1).max()
    assert net.converged_
    assert net.mistakes_[-1] == 0
    assert 0 < sum(net.mistakes_) <= largest / margin**2
    assert net.score(X, distances > 0) == 1


@pytest.mark.parametrize("gate", GATES)
def test_perceptron_learns_the_gates(gate):
    net = PerceptronClassifier(random_state=0).fit(PAIRS, GATES[gate])
    assert net.converged_
    assert_array_equal(net.predict(PAIRS), GATES[gate])


def test_perceptron_never_learns_xor():
    net = PerceptronClassifier(max_iter=200, random_state=0)
    with pytest.warns(ConvergenceWarning, match="no line separates the classes"):
        net.fit(PAIRS, XOR)
    assert not net.converged_
    assert net.n_iter_ == len(net.mistakes_) == 200
    assert min(net.mistakes_) > 0
    assert net.score(PAIRS, XOR) <= 0.75


def test_learning_rate_only_scales():
    one = PerceptronClassifier(max_iter=5, random_state=0).fit(IRIS, SPECIES)
    half = clone(one).set_params(learning_rate=0.5).fit(IRIS, SPECIES)
    assert_array_equal(half.coef_, one.coef_ / 2)
    assert_array_equal(half.intercept_, one.intercept_ / 2)
    assert half.mistakes_ == one.mistakes_


@pytest.mark.parametrize("shuffle", [False, True])
def test_perceptron_piece_by_piece(shuffle):
    whole = PerceptronClassifier(max_iter=4, shuffle=shuffle, random_state=3).fit(IRIS, SPECIES)
    pieces = clone(whole)
    for _ in range(4):
        pieces.partial_fit(IRIS, SPECIES, classes=[2, 0, 1])
    assert_array_equal(whole.coef_, pieces.coef_)
    assert whole.mistakes_ == pieces.mistakes_
    assert pieces.n_iter_ == 4
    other = clone(whole).set_params(random_state=4).fit(IRIS, SPECIES)
    assert np.array_equal(other.coef_, whole.coef_) != shuffle


def test_perceptron_names_what_is_wrong():
    net = PerceptronClassifier()
    with pytest.raises(ValueError, match="classes must be passed"):
        net.partial_fit(PAIRS, XOR)
    with pytest.raises(ValueError, match="has one class:"):
        net.fit(PAIRS, [1, 1, 1, 1])
    net.partial_fit(PAIRS, XOR, classes=[0, 1])
    with pytest.raises(ValueError, match="not the same"):
        net.partial_fit(PAIRS, XOR, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"labels \[2\] that are not in classes"):
        net.partial_fit(PAIRS, XOR + 1)
    for wrong in ({"max_iter": 0}, {"learning_rate": 0}, {"shuffle": "yes"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            PerceptronClassifier(**wrong).fit(PAIRS, XOR)


# ---- with and without a hidden layer --------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_one_hidden_layer_is_xor(activation):
    net = MLPClassifier(8, activation, solver="lbfgs", random_state=0)
    assert_array_equal(net.fit(PAIRS, XOR).predict(PAIRS), XOR)


def test_without_a_hidden_layer_there_is_no_xor():
    net = MLPClassifier((), solver="lbfgs", random_state=0).fit(PAIRS, XOR)
    assert net.score(PAIRS, XOR) <= 0.75


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("alpha", [1.0, 10.0])
def test_no_hidden_layer_is_logistic_regression(load, alpha):
    """Both divided by the n rows: mean log loss + alpha / (2 n) ‖W‖², so C = 1 / alpha."""
    X, y = load(return_X_y=True)
    X = scale(X)
    net = MLPClassifier(
        (), solver="lbfgs", alpha=alpha, tol=1e-12, max_iter=10**4, dtype="float64", random_state=0
    ).fit(X, y)
    logistic = LogisticRegression(C=1 / alpha, tol=1e-10, max_iter=10**4).fit(X, y)
    P = logistic.predict_proba(X)
    assert_allclose(net.predict_proba(X), P, atol=1e-3)
    least = log_loss(y, P) + alpha / (2 * len(X)) * (logistic.coef_**2).sum()
    assert_allclose(net.loss_, least, rtol=1e-6)
