"""Training gives the same bits for any number of threads."""

import os
import threading

import numpy as np
import pytest

from sknn.losses import Loss
from sknn.optimizers import SGD, Adam, Muon, NAdam
from tests.engine.under_test import LOSSES, flat, targets

# name -> (rows, features, hidden, options of the network, options of training)
CASES = {
    "plain": (90, 100, (33, 17), {}, {"batch_size": 32}),
    "one_row_in_the_last_batch": (65, 20, (9,), {}, {"batch_size": 32}),
    "batches_of_one": (12, 20, (9,), {}, {"batch_size": 1}),
    "one_task_each": (40, 3, (), {}, {"batch_size": 8}),
    "dropout": (90, 100, (33, 17), {"dropout": 0.3}, {"batch_size": 32}),
    "clipping": (90, 100, (33,), {}, {"batch_size": 32, "clip_norm": 0.1}),
    "weights_and_decay": (90, 100, (33,), {}, {"batch_size": 32, "alpha": 0.5, "weighted": True}),
    "csr": (90, 150, (33,), {"sparse": True}, {"batch_size": 32}),
    "blocks": (2600, 60, (17,), {}, {"batch_size": 2500}),
    "everything": (
        2600,
        60,
        (17,),
        {"sparse": True, "dropout": 0.2},
        {"batch_size": 2500, "clip_norm": 0.1, "alpha": 0.1, "weighted": True},
    ),
}


def train(tested_engine, case, n_threads, optimizer):
    n, n_features, hidden, network, training = CASES[case]
    model = tested_engine.mlp(n_features, hidden, LOSSES["softmax"], **network)
    X, training = tested_engine.normal(n, n_features), dict(training)
    if model.sparse:
        X[X < 0.8] = 0
    if training.pop("weighted", False):
        training["sample_weight"] = np.random.default_rng(1).random(n)
    y = targets(model.loss, n, tested_engine.dtype)
    weights, losses = model.train(X, y, optimizer, n_threads=n_threads, seed=5, **training)
    return flat(weights), losses


@pytest.mark.parametrize("case", CASES)
def test_same_bits(tested_engine, case):
    optimizer = SGD() if case == "clipping" else Adam()
    weights, losses = train(tested_engine, case, 1, optimizer)
    assert np.isfinite(weights).all()
    for n_threads in (2, 3):
        other_weights, other_losses = train(tested_engine, case, n_threads, optimizer)
        np.testing.assert_array_equal(other_weights, weights)
        assert other_losses == losses


@pytest.mark.parametrize("optimizer", [NAdam(), Muon(n_iterations=1)], ids=["NAdam", "Muon"])
def test_same_bits_while_the_number_of_threads_is_tried(best, optimizer):
    """So many steps that all trials of their pace take place, in the middle of epochs."""
    model = best.mlp(30, (20, 10), LOSSES["softmax"], dropout=0.2)
    X = best.normal(3000, 30)
    y = targets(model.loss, len(X), best.dtype)
    options = {"epochs": 30, "batch_size": 3, "clip_norm": 0.5}
    one, two = (model.train(X, y, optimizer, n_threads=n, **options) for n in (1, 2))
    np.testing.assert_array_equal(flat(one[0]), flat(two[0]))
    assert one[1] == two[1]


@pytest.mark.parametrize("n", [1, 50, 2100])
def test_same_gradient(tested_engine, n):
    """More threads than rows, more threads than tasks."""
    model = tested_engine.mlp(5, (7,), Loss("squared_error", (2,)))
    X, y = tested_engine.normal(n, 5), targets(model.loss, n, tested_engine.dtype)
    value, gradient = model.loss_and_gradient(X, y)
    for n_threads in (2, 3, 8):
        other, other_gradient = model.loss_and_gradient(X, y, n_threads=n_threads)
        assert other == value
        np.testing.assert_array_equal(flat(other_gradient), flat(gradient))


def test_same_bits_twice(tested_engine):
    """Nothing uninitialised takes part."""
    first = train(tested_engine, "everything", 1, Adam())
    second = train(tested_engine, "everything", 1, Adam())
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity of threads here")
def test_same_bits_on_a_shared_core(best):
    """Three threads on one core: their waits are long, so that they sleep, and all are woken."""
    model = best.mlp(784, (512,), LOSSES["softmax"])
    X = best.normal(1200, 784)
    y = targets(model.loss, len(X), best.dtype)
    found = {}

    def on_one_core():  # the pool of a new thread is new, and on its core
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        found["shared"] = model.train(X, y, Adam(), n_threads=3, batch_size=600)[0]

    thread = threading.Thread(target=on_one_core)
    thread.start()
    weights = model.train(X, y, Adam(), n_threads=1, batch_size=600)[0]
    thread.join()
    np.testing.assert_array_equal(flat(found["shared"]), flat(weights))


@pytest.mark.parametrize(
    ("one_step", "all_step", "of_one", "of_all"),
    [
        (100e-6, 60e-6, 0.005, 1.0),  # tried now and then
        (100e-6, 300e-6, 1.0, 0.01),
        (100e-6, 5e-3, 1.0, 0.015),  # another program's threads are in the way
    ],
)
def test_steps_are_taken_by_as_many_threads_as_are_faster(best, one_step, all_step, of_one, of_all):
    one, all_ = best.mlp(1).engine.simulated_pace(one_step, all_step, 20.0)
    assert one <= of_one * (one + all_)
    assert all_ <= of_all * (one + all_)


def test_one_thread_is_given_up_soon_at_first(best):
    """What is in the way of the others may be over: several trials within half a second, fewer in twenty."""
    simulated = best.mlp(1).engine.simulated_pace
    assert simulated(100e-6, 300e-6, 0.5)[1] > 0.015
    assert simulated(100e-6, 300e-6, 20.0)[1] < 0.3


def test_only_close_calls_are_tried_twice(best):
    simulated = best.mlp(1).engine.simulated_pace
    clear, close = (simulated(100e-6, all_step, 0.5)[0] for all_step in (60e-6, 95e-6))
    assert clear < 0.006 < close < 0.012


@pytest.mark.parametrize(("width", "tried"), [(100, True), (2000, False)])
def test_steps_of_much_work_are_not_tried(best, width, tried):
    model = best.mlp(784, (width,))
    X, y = best.normal(128, 784), targets(model.loss, 128, best.dtype)
    assert model.trainer(X, y, Adam(), batch_size=128).tries_threads is tried
