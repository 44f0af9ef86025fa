"""Pickles, copies and skops: small, complete, alive."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier, TabularClassifier
from sknn.optimizers import Adam
from sknn.presets import ConvNet
from sknn.schedules import Cosine
from tests.estimators.samples import DIGITS, IMAGES, TARGETS, X, Y, classifier, regressor, same_bits


def pickled(estimator):
    return pickle.loads(pickle.dumps(estimator))


def cut_anywhere(estimator):
    """A copy by a pickle whose buffers travel apart, as dask's do: each begins at an odd address."""
    buffers = []
    data = pickle.dumps(estimator, protocol=5, buffer_callback=buffers.append)
    cut = [memoryview(b"?" + bytes(buffer.raw()))[1:] for buffer in buffers]
    return pickle.loads(data, buffers=cut)


def size_of_weights(estimator):
    return sum(a.nbytes for a in estimator.coefs_ + estimator.intercepts_)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"warm_start": True}])
def test_a_pickle_holds_the_weights_and_little_else(solver, dtype, more):
    data = np.random.RandomState(0).uniform(-1, 1, (400, 500))
    fitted = classifier(hidden_layer_sizes=100, solver=solver, dtype=dtype, **more)
    fitted.fit(data, data[:, 0] > 0)
    fitted.predict(data)
    fitted.predict_proba(data.astype(np.float32))
    assert len(pickle.dumps(fitted)) < 1.2 * size_of_weights(fitted) + 10_000


def test_pickles_do_not_grow_with_partial_fit():
    fitted = classifier()
    sizes = []
    for _ in range(40):
        fitted.partial_fit(X, Y, classes=[0, 1, 2], X_val=X, y_val=Y)
        sizes.append(len(pickle.dumps(fitted)))
    assert max(sizes[1:]) - min(sizes[1:]) < 50
    assert len(fitted.loss_curve_) == 40
    assert max(sizes) < 3.6 * size_of_weights(fitted) + 10_000  # with Adam's two moments
    assert len(pickled(fitted).loss_curve_) == 1


@pytest.mark.parametrize("copied", [pickled, cut_anywhere, copy.deepcopy, copy.copy])
@pytest.mark.parametrize("kind", TARGETS)
def test_copies_predict_the_same_and_are_independent(kind, copied):
    fitted = classifier().fit(X, TARGETS[kind])
    restored = copied(copied(fitted))
    assert same_bits(restored, fitted)
    for a, b in zip(restored.predict_proba(X), fitted.predict_proba(X), strict=True):
        np.testing.assert_array_equal(a, b)
    assert restored.loss_curve_ == fitted.loss_curve_
    before = fitted.predict_proba(X)[0].copy()
    restored.partial_fit(X, TARGETS[kind])
    np.testing.assert_array_equal(fitted.predict_proba(X)[0], before)
    np.testing.assert_array_equal(fitted.predict(X), copied(fitted).predict(X))


@pytest.mark.parametrize("copied", [pickled, cut_anywhere, copy.deepcopy, copy.copy])
@pytest.mark.parametrize("seed", [0, None, np.random.RandomState(3)], ids=["int", "None", "state"])
@pytest.mark.parametrize(
    "more",
    [{"solver": "sgd"}, {"solver": Adam(), "learning_rate": Cosine(), "dropout": 0.2}],
)
def test_a_copy_goes_on_bit_for_bit(more, seed, copied):
    fitted = classifier(batch_size=40, random_state=seed, **more)
    for _ in range(3):
        fitted.partial_fit(X, Y, classes=[0, 1, 2])
    restored = copied(fitted)
    for _ in range(3):
        fitted.partial_fit(X, Y)
        restored.partial_fit(X, Y)
    assert same_bits(fitted, restored)
    assert fitted.loss_ == restored.loss_
    assert fitted.t_ == restored.t_


@pytest.mark.parametrize("copied", [pickled, cut_anywhere])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_copy_starts_as_warm(solver, copied):
    fitted = regressor(warm_start=True, solver=solver, batch_size=40).fit(X, Y)
    restored = copied(fitted)
    assert same_bits(fitted.fit(X, Y), restored.fit(X, Y))
    assert fitted.loss_curve_ == restored.loss_curve_


def test_arrays_at_odd_addresses():
    """Ensembles and running statistics, which go on from there, too."""
    table = TabularClassifier(max_iter=2, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    images = CNNClassifier(ConvNet(8, batch_norm=True), max_iter=2, random_state=0)
    for fitted, x, y in (table, X, Y), (images.fit(IMAGES, DIGITS), IMAGES, DIGITS):
        restored = cut_anywhere(fitted)
        np.testing.assert_array_equal(restored.predict_proba(x), fitted.predict_proba(x))
        for net in restored, fitted:
            net.partial_fit(x, y)
        np.testing.assert_array_equal(restored.predict_proba(x), fitted.predict_proba(x))


def test_a_fresh_process_loads_it(tmp_path):
    """By pickle and by joblib."""
    model = make_pipeline(StandardScaler(), classifier()).fit(X, Y)
    for module in (pickle, joblib):
        with open(tmp_path / module.__name__, "wb") as file:
            module.dump(model, file)
    np.save(tmp_path / "x.npy", X)
    code = (
        "import pickle, numpy\n"
        "model, X = pickle.load(open('pickle', 'rb')), numpy.load('x.npy')\n"
        "numpy.save('pickle.npy', model.predict_proba(X))\n"
        "import joblib\n"
        "numpy.save('joblib.npy', joblib.load(open('joblib', 'rb')).predict_proba(X))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    for module in (pickle, joblib):
        predicted = np.load(tmp_path / f"{module.__name__}.npy")
        np.testing.assert_array_equal(predicted, model.predict_proba(X))


def test_a_mapped_pickle_predicts(tmp_path):
    fitted = classifier(hidden_layer_sizes=100).fit(X, Y)
    joblib.dump(fitted, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    np.testing.assert_array_equal(mapped.predict_proba(X), fitted.predict_proba(X))
    mapped.partial_fit(X, Y)


OWN = {"sknn.estimators.mlp_classifier.MLPClassifier", "sknn.estimators.mlp_regressor.MLPRegressor"}
GIVEN = {"sknn.optimizers._adam.Adam", "sknn.schedules.Cosine"}


@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize(
    ("estimator", "trusted"),
    [
        (classifier(early_stopping="auto", class_weight={0: 2.0}, dtype="float64"), OWN),
        (regressor(dropout=(0.1, 0.2), activation=("gelu",)), OWN),
        (classifier(solver=Adam(), learning_rate=Cosine()), OWN | GIVEN),
    ],
)
def test_skops_needs_to_trust_the_estimator_only(estimator, trusted, incremental):
    sio = pytest.importorskip("skops.io")
    fitted = copy.deepcopy(estimator)
    if incremental:
        classes = {"classes": [0, 1, 2]} if isinstance(fitted, MLPClassifier) else {}
        fitted.partial_fit(X, Y, **classes, X_val=X, y_val=Y)
    else:
        fitted.fit(X, Y)
    data = sio.dumps(fitted)
    untrusted = sio.get_untrusted_types(data=data)
    assert set(untrusted) <= trusted
    restored = sio.loads(data, trusted=untrusted)
    np.testing.assert_array_equal(restored.predict(X), fitted.predict(X))
    assert same_bits(restored.partial_fit(X, Y), fitted.partial_fit(X, Y))


def test_another_version_of_scikit_learn_warns():
    state = classifier().fit(X, Y).__getstate__()
    assert "_sklearn_version" not in state  # it is no module of scikit-learn
    assert "_programs" not in state
