"""Threads, time, interrupts, memory, persistence."""

import contextlib
import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknn import MLPClassifier, MLPRegressor, engine

X, Y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
IRIS, SPECIES = load_iris(return_X_y=True)


def large(n=60_000, width=200):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, width)).astype(np.float32), rng.integers(0, 3, n)


# ---- threads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"dropout": 0.3}, {"clip_norm": 0.1, "batch_size": 1797}, {"dropout": (0.2, 0.1, 0.1)}],
    ids=str,
)
def test_bits_do_not_depend_on_threads(options):
    sizes = (150, 150) if len(np.ravel(options.get("dropout", 0))) == 3 else (300,)
    nets = [
        MLPClassifier(sizes, max_iter=3, n_threads=k, random_state=0, **options).fit(X, Y)
        for k in (1, 2, 3)
    ]
    for net in nets[1:]:
        np.testing.assert_array_equal(net.coefs_[0], nets[0].coefs_[0])
        np.testing.assert_array_equal(net.predict_proba(X), nets[0].predict_proba(X))
        assert net.loss_curve_ == nets[0].loss_curve_


def test_a_row_is_predicted_alone_as_among_others():
    net = MLPClassifier(33, max_iter=2, random_state=0).fit(X, Y)
    together = net.predict_proba(X[:70])
    for rows in (slice(0, 1), slice(3, 9), slice(2, 12), slice(5, 70)):
        np.testing.assert_array_equal(net.predict_proba(X[rows]), together[rows])


def test_workers_of_a_search_have_one_thread():
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        counts = joblib.Parallel(n_jobs=2)(joblib.delayed(engine.effective_threads)() for _ in "ab")
    assert counts == [1, 1]
    search = GridSearchCV(MLPClassifier(8, max_iter=2), {"alpha": [0.1, 1]}, n_jobs=2, cv=2)
    search.fit(X[:200], Y[:200])
    search.fit(X[:200], Y[:200])  # a fitted estimator is pickled too


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_works():
    net = MLPClassifier(300, max_iter=2, n_threads=2, random_state=0).fit(X, Y)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        scores = pool.apply_async(net.score, (X, Y)).get(timeout=60)
        again = pool.apply_async(clone(net).fit, (X, Y)).get(timeout=60)
    assert scores == net.score(X, Y)
    np.testing.assert_array_equal(again.coefs_[0], net.coefs_[0])


# ---- time and interrupts ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"batch_size": 60_000}], ids=str)
def test_max_time(options):
    data, labels = large()
    net = MLPClassifier((300, 300), max_iter=10_000, max_time=1.0, random_state=0, **options)
    begin = time.monotonic()
    with pytest.warns(ConvergenceWarning, match="max_time"):
        net.fit(data, labels)
    assert time.monotonic() - begin < 4
    assert np.isfinite(net.predict_proba(data[:5])).all()


@contextlib.contextmanager
def ctrl_c_after(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"batch_size": 60_000}], ids=str)
def test_ctrl_c_keeps_what_there_is(options):
    data, labels = large()
    net = MLPClassifier((300, 300), max_iter=10_000, tol=0, random_state=0, **options)
    begin = time.monotonic()
    with ctrl_c_after(1.0), pytest.warns(UserWarning, match="interrupted by user"):
        net.fit(data, labels)
    assert time.monotonic() - begin < 4
    assert np.isfinite(net.predict_proba(data[:5])).all()


def test_divergence_is_reported():
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        MLPRegressor(dtype="float64").fit(IRIS * 1e300, SPECIES)
    net = MLPRegressor(hidden_layer_sizes=(), solver="sgd", learning_rate_init=0.1, random_state=0)
    net.set_params(max_iter=900, n_iter_no_change=np.inf)
    with pytest.warns(ConvergenceWarning, match="diverged.*Lower learning_rate_init"):
        net.fit(IRIS, SPECIES)
    assert np.isfinite(net.predict(IRIS)).all()
    assert 1 < net.n_iter_ < 900


# ---- memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_maps_are_neither_copied_nor_written(tmp_path, dtype):
    data, labels = large(20_000)
    np.save(tmp_path / "x.npy", data.astype(dtype))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    tracemalloc.start()
    MLPClassifier(10, max_iter=1, random_state=0).fit(mapped, labels).predict(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mapped.nbytes / 2


@pytest.mark.parametrize("make", [np.asfortranarray, lambda a: a[::-1][::-1], lambda a: a.tolist()])
def test_layout_does_not_matter(make):
    net = MLPClassifier(9, max_iter=3, random_state=0, dtype="float64")
    np.testing.assert_array_equal(
        net.fit(make(X.astype(float)), Y).coefs_[0], clone(net).fit(X.astype(float), Y).coefs_[0]
    )


def test_prediction_refuses_what_is_not_finite():
    net = MLPClassifier(9, max_iter=3, random_state=0).fit(X, Y)
    for bad, message in [(np.nan, "NaN"), (np.inf, "infinity")]:
        broken = X[:20].copy()
        broken[7, 3] = bad
        for rows in (broken, broken[7:8]):
            with pytest.raises(ValueError, match=message):
                net.predict(rows)
    with pytest.raises(ValueError, match="too large"):
        net.predict(X[:3].astype(float) * 1e300)


# ---- persistence -----------------------------------------------------------------------------------


def size_of_weights(net):
    return sum(array.nbytes for array in net.coefs_ + net.intercepts_)


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_pickles_are_small_and_the_same(options):
    net = MLPClassifier(200, max_iter=20, random_state=0, **options).fit(X, Y)
    data = pickle.dumps(net)
    assert len(data) <= 1.2 * size_of_weights(net) + 10_000
    assert pickle.dumps(net) == data
    for twin in (pickle.loads(data), copy.deepcopy(net)):
        np.testing.assert_array_equal(twin.predict_proba(X), net.predict_proba(X))


def test_pickles_do_not_grow_with_partial_fit():
    net = MLPClassifier(5, random_state=0)
    sizes = []
    for _ in range(60):
        net.partial_fit(IRIS, SPECIES, classes=[0, 1, 2])
        sizes.append(len(pickle.dumps(net)))
    assert abs(sizes[-1] - sizes[4]) < 20


def test_an_unpickled_twin_goes_on():
    net = MLPClassifier(9, dropout=0.2, random_state=0)
    net.partial_fit(X, Y, classes=range(10))
    twin = pickle.loads(pickle.dumps(net))
    for each in (net, twin):
        each.partial_fit(X, Y).partial_fit(X, Y)
    np.testing.assert_array_equal(net.coefs_[0], twin.coefs_[0])
    warm = MLPClassifier(9, warm_start=True, max_iter=3, random_state=0).fit(X, Y)
    twin = pickle.loads(pickle.dumps(warm))
    np.testing.assert_array_equal(warm.fit(X, Y).coefs_[0], twin.fit(X, Y).coefs_[0])


def test_a_pickle_loads_in_a_fresh_process(tmp_path):
    net = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, SPECIES)
    joblib.dump(net, tmp_path / "net.joblib")
    code = f"import joblib; n = joblib.load({str(tmp_path / 'net.joblib')!r}); print(n.n_iter_)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "3"


def test_skops_trusts_everything_but_the_estimator_itself():
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    net = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, SPECIES)
    net.partial_fit(IRIS, SPECIES)
    data = skops.dumps(net)
    own = skops.get_untrusted_types(data=data)
    assert own == ["sknn.estimators._classifier.MLPClassifier"]
    loaded = skops.loads(data, trusted=own)
    np.testing.assert_array_equal(loaded.predict_proba(IRIS), net.predict_proba(IRIS))
    loaded.partial_fit(IRIS, SPECIES)


def test_fitted_arrays_are_the_truth():
    net = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, SPECIES)
    for rows in (IRIS[:1], IRIS):
        net.coefs_[-1][:] = 0
        net.intercepts_[-1] = np.array([0, 0, 9.0])
        assert (net.predict(rows) == 2).all()
    net.coefs_[0] = np.ones((3, 5))
    with pytest.raises(ValueError, match="layer 0"):
        net.predict(IRIS)


def test_parameters_set_after_fit_change_nothing():
    net = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, SPECIES)
    before = net.predict_proba(IRIS)
    net.set_params(activation="tanh", hidden_layer_sizes=9, dtype="float64", label_smoothing=0.3)
    np.testing.assert_array_equal(net.predict_proba(IRIS), before)
    twin = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(twin.predict_proba(IRIS), before)


def test_random_states():
    def weights(state):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return MLPClassifier(5, max_iter=2, random_state=state).fit(IRIS, SPECIES).coefs_[0]

    kept = np.random.get_state()[1].copy()
    assert (weights(1) == weights(1)).all()
    assert (weights(1) != weights(2)).any()
    shared = np.random.RandomState(0)
    assert (weights(shared) != weights(shared)).any()
    np.testing.assert_array_equal(np.random.get_state()[1], kept)
    assert (weights(None) != weights(None)).any()
