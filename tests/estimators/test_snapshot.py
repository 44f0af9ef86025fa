"""Threads: a prediction sees one fit, the old one or the new one, whatever others do meanwhile."""

import pickle
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from sknn import MLPClassifier, PerceptronClassifier, TabularClassifier, TabularRegressor
from sknn._state import _SNAPSHOTS, atomic_fit
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    NUMBERS,
    X_NUMBERS,
    X,
    Y,
    classifier,
    cnn,
    regressor,
)

SMALL_TABLE = {"hidden_layer_sizes": 8, "max_iter": 2, "n_members": 2, "random_state": 0}
#: estimator, X, y, another X and y to refit it on: of another width, other classes
CASES = {
    "mlp": (classifier(), X, Y, X[:, :3], Y + 5),
    "mlp, values": (regressor(), X_NUMBERS, NUMBERS, X_NUMBERS[:, :7], 100 + NUMBERS),
    "cnn": (cnn(), IMAGES, DIGITS, 50 + 3 * IMAGES[:, :6], DIGITS % 3),
    "table": (TabularClassifier("fast", **SMALL_TABLE), X, Y, X[:, ::-1] * 9, Y % 2),
    "table, values": (TabularRegressor("fast", **SMALL_TABLE), X, Y, X[:, ::-1] * 9, 100.0 + Y),
    "perceptron": (PerceptronClassifier(max_iter=5, random_state=0), X, Y, X[:, :3], Y + 5),
}


def run_threads(work, n_threads, seconds):
    """Calls work(number) in so many threads again and again; the errors that it raises."""
    end, errors = time.monotonic() + seconds, []

    def repeat(number):
        try:
            while time.monotonic() < end and not errors:
                work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(k,)) for k in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture(autouse=True)
def _frequent_switches():
    """Threads take turns after almost every instruction."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def rounds(estimator, work, seconds=0.4, n_threads=8):
    """Calls work(loaded, number) in all threads at once, in each round on one freshly loaded estimator.

    Returns these estimators and the errors.
    """
    dumped, loaded = pickle.dumps(estimator), []
    end, errors = time.monotonic() + seconds, []
    barrier = threading.Barrier(n_threads, lambda: loaded.append(pickle.loads(dumped)))

    def repeat(number):
        try:
            while not errors:
                barrier.wait()
                if time.monotonic() > end and number == 0:
                    barrier.abort()
                    return
                work(loaded[-1], number)
        except threading.BrokenBarrierError:
            pass
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=repeat, args=(k,)) for k in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return loaded, errors


@pytest.mark.parametrize("name", ["mlp", "cnn", "table", "table, values", "perceptron"])
def test_eight_threads_predict_as_one_on_what_was_just_loaded(name):
    """All of them find nothing compiled, and look at the attributes while others predict."""
    estimator, X, y, *_ = CASES[name]
    expected = estimator.fit(X, y).predict(X)
    forms = [X, X.tolist(), X] if X.ndim > 2 else [X, X.tolist(), pd.DataFrame(X)]

    def predict(loaded, number):
        before = list(vars(loaded))
        np.testing.assert_array_equal(loaded.predict(forms[number % 3]), expected)
        assert list(vars(loaded)) == before

    loaded, errors = rounds(estimator, predict)
    assert errors == []
    assert len(loaded) > 3
    if name == "perceptron":  # which compiles nothing
        return
    for one in loaded[:-1]:
        (compiled,) = one._programs.values()
        # of a network itself and its program, of an ensemble such a pair for each kind of members
        assert len(compiled) == (len(one._architectures) if "table" in name else 2)


@pytest.mark.parametrize("name", ["mlp", "table", "perceptron"])
def test_what_was_just_loaded_may_be_refitted_while_others_predict(name):
    estimator, X, y, *_ = CASES[name]
    expected = estimator.fit(X, y).predict(X)

    def work(loaded, number):
        if number == 0:
            loaded.fit(X, y)
        else:
            np.testing.assert_array_equal(loaded.predict(X.tolist()), expected)

    assert rounds(estimator, work)[1] == []


@pytest.mark.parametrize("name", CASES)
def test_a_refit_is_seen_as_a_whole(name):
    """On data of another width and with other targets: a mixture would raise or be neither of both."""
    estimator, X, y, *other = CASES[name]
    expected = []
    for fit in (other, (X, y)):
        estimator.fit(*fit)
        if fit[0].shape == X.shape:
            expected.append(estimator.predict(X))
    seen = []

    def work(number):
        if number == 0:
            estimator.fit(*other)
            estimator.fit(X, y)
            return
        try:
            found = estimator.predict(X)
        except ValueError as error:
            if "expecting" not in str(error):  # it is fitted to the other width
                raise
            return
        seen.append(any(np.array_equal(found, one) for one in expected))

    assert run_threads(work, 4, 0.3) == []
    assert seen
    assert all(seen)


def test_attributes_may_be_set_while_it_is_fitted():
    def work(loaded, number):
        if number:
            for k in range(100):
                setattr(loaded, f"note_{number}_{k}", k)
        else:
            for _ in range(10):
                with atomic_fit(loaded) as working_copy:
                    working_copy.fitted_ = True

    assert rounds(classifier(), work, n_threads=3)[1] == []


def test_weights_are_set_as_a_whole():
    estimator = regressor(hidden_layer_sizes=()).fit(X, Y)
    ones = [np.full_like(w, k) for k in (1, 2) for w in estimator.get_weights()]
    choices = ones[:2], ones[2:]
    expected = [estimator.set_weights(w).predict(X) for w in choices]

    def work(number):
        if number == 0:
            for w in choices:
                estimator.set_weights(w)
        else:
            found = estimator.predict(X)
            assert any(np.array_equal(found, one) for one in expected)

    assert run_threads(work, 3, 0.2) == []


def test_what_a_fit_caches_is_kept():
    estimator = classifier().fit(X, Y)
    estimator.predict(X)
    programs = estimator._programs
    estimator.predict(X)
    assert programs
    assert estimator._programs is programs


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_seen_of_a_fit_that_fails(name):
    estimator, X, y, *_ = CASES[name]
    estimator.fit(X, y)
    before = vars(estimator).copy()
    with pytest.raises(ValueError, match="NaN|infinity"):
        estimator.fit(np.full_like(X, np.inf), y)
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is value for name, value in before.items())


class WithItems(MLPClassifier, dict):
    """Of another built-in type, too; notes on which objects its methods are called."""

    def predict(self, X):
        self.seen = [*vars(self).get("seen", []), self]
        return super().predict(X)


def test_a_subclass_may_have_another_built_in_base():
    estimator = WithItems(8, max_iter=5, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(
        estimator.predict(X), classifier(learning_rate_init=0.001).fit(X, Y).predict(X)
    )


def test_all_of_a_method_is_on_one_snapshot():
    estimator = WithItems(8, max_iter=5, random_state=0).fit(X, Y)
    estimator.score(X, Y)
    estimator.predict(X)
    on_snapshot, on_itself = estimator.seen
    assert on_itself is estimator
    assert on_snapshot is not estimator
    assert vars(on_snapshot) is vars(estimator)
    assert not _SNAPSHOTS


def test_partial_fit_leaves_the_arrays_of_before():
    estimator = PerceptronClassifier(random_state=0).fit(X, Y > 0)
    arrays = estimator.coef_, estimator.intercept_
    before = [array.copy() for array in arrays]
    estimator.partial_fit(X, Y == 0)
    for array, old, new in zip(
        arrays, before, (estimator.coef_, estimator.intercept_), strict=True
    ):
        np.testing.assert_array_equal(array, old)
        assert (array != new).any()


def test_weights_are_set_while_it_is_refitted_to_another_width():
    estimator, X_seen, y, *other = CASES["mlp"]
    weights = estimator.fit(X_seen, y).get_weights()

    def work(loaded, number):
        if number == 0:
            loaded.fit(*other)
            return
        try:
            loaded.set_weights(weights)
        except ValueError as error:
            if "has the shape (4, 8), the network has (3, 8)" not in str(error):
                raise

    assert rounds(estimator, work, n_threads=3)[1] == []
