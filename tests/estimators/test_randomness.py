"""Equal seeds, equal threads, equal bits; the global state is nobody's business."""

import json
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from sknn import MLPClassifier, engine
from tests.estimators.samples import X, Y, classifier, same_bits


def test_random_state_means_what_it_means_in_scikit_learn():
    assert same_bits(classifier().fit(X, Y), classifier().fit(X, Y))
    assert not same_bits(classifier(random_state=1).fit(X, Y), classifier().fit(X, Y))
    a, b = classifier(random_state=None).fit(X, Y), classifier(random_state=None).fit(X, Y)
    assert not same_bits(a, b)
    consumed = np.random.RandomState(0)
    a = classifier(random_state=consumed).fit(X, Y)
    b = classifier(random_state=consumed).fit(X, Y)
    assert not same_bits(a, b)
    assert same_bits(a, classifier(random_state=np.random.RandomState(0)).fit(X, Y))
    assert same_bits(a, classifier(random_state=0).fit(X, Y))


@pytest.mark.parametrize("seed", [0, None])
def test_global_state_is_untouched(seed):
    if seed is None:
        pytest.skip("None is the global state, as everywhere in scikit-learn")
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    classifier(random_state=seed, early_stopping=True, dropout=0.2).fit(X, Y).predict(X)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_shuffle_changes_the_batches_and_only_them():
    parameters = {"batch_size": 20, "max_iter": 2}
    a = classifier(**parameters).fit(X, Y)
    b = classifier(shuffle=False, **parameters).fit(X, Y)
    assert not same_bits(a, b)
    order = np.random.RandomState(0).permutation(len(X))
    c = classifier(shuffle=False, **parameters).fit(X[order], Y[order])
    assert not same_bits(c, b)


BIG = {"hidden_layer_sizes": (150, 90), "max_iter": 2, "random_state": 0, "batch_size": 257}
BIG_X = np.random.RandomState(0).uniform(-1, 1, (1500, 61)).astype(np.float32)
BIG_Y = (BIG_X[:, 0] * BIG_X[:, 1] > 0).astype(int)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("more", [{}, {"dropout": 0.3}, {"solver": "lbfgs"}])
def test_threads_give_equal_bits(more, dtype):
    fits = [
        MLPClassifier(n_threads=n, dtype=dtype, **BIG, **more).fit(BIG_X, BIG_Y) for n in (1, 2, 3)
    ]
    for other in fits[1:]:
        assert same_bits(fits[0], other)
        np.testing.assert_array_equal(fits[0].predict_proba(BIG_X), other.predict_proba(BIG_X))


def test_a_row_has_the_same_bits_wherever_it_stands():
    fitted = MLPClassifier(**BIG).fit(BIG_X, BIG_Y)
    together = fitted.predict_proba(BIG_X)
    np.testing.assert_array_equal(fitted.predict_proba(BIG_X[7:8]), together[7:8])
    np.testing.assert_array_equal(fitted.predict_proba(BIG_X[100:131]), together[100:131])
    np.testing.assert_array_equal(fitted.predict_proba(BIG_X.astype(float)), together)


def test_one_thread_in_each_worker_of_joblib():
    if joblib.cpu_count() < 2:
        pytest.skip("needs two processors: joblib leaves one worker its threads")
    threads = joblib.delayed(engine.effective_threads)  # a worker need not find this module
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        found = joblib.Parallel(n_jobs=2)(threads() for _ in range(2))
    assert found == [1, 1]
    found = joblib.Parallel(n_jobs=joblib.cpu_count())(threads() for _ in range(2))
    assert found == [1, 1]


def test_search_gives_the_same_with_one_job_and_two():
    grid = {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [4, 5]}
    one, two = (GridSearchCV(classifier(), grid, cv=2, n_jobs=n).fit(X, Y) for n in (1, 2))
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    assert same_bits(one.best_estimator_, two.best_estimator_)


CHILD = """
import json, os, sys
import numpy as np
from sknn import MLPClassifier
X = np.random.RandomState(0).uniform(-1, 1, (3000, 61)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
net = MLPClassifier(300, max_iter=1, n_threads=2, random_state=0).fit(X, y)
wanted = net.predict_proba(X)
child = os.fork()
if child == 0:
    equal = np.array_equal(net.predict_proba(X), wanted)
    again = MLPClassifier(300, max_iter=1, n_threads=2, random_state=0).fit(X, y)
    os._exit(0 if equal and np.array_equal(again.coefs_[0], net.coefs_[0]) else 1)
print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_fits_and_predicts():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD], capture_output=True, text=True, timeout=60
    )
    assert json.loads(run.stdout) == 0, run.stderr
