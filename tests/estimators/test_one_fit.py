"""Threads: a prediction sees one fit, the old one or the new one, whatever others do meanwhile."""

import threading
import time

import numpy as np
import pytest

from sknn import PerceptronClassifier, TabularClassifier, TabularRegressor
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


@pytest.mark.parametrize("name", ["mlp", "cnn", "table, values"])
def test_eight_threads_predict_as_one(name):
    estimator, X, y, *_ = CASES[name]
    expected = estimator.fit(X, y).predict(X)
    vars(estimator).pop("_programs")  # all of them find it missing

    def predict(number):
        np.testing.assert_array_equal(estimator.predict(X[number:]), expected[number:])

    assert run_threads(predict, 8, 0.3) == []


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

    assert run_threads(work, 4, 0.5) == []
    assert seen
    assert all(seen)


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
