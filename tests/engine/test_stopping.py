"""Deadlines and Ctrl-C stop within a second, wherever training is, and leave whole steps."""

import contextlib
import signal
import threading
import time

import numpy as np
import pytest

from sknn.layers import BatchNorm, Conv2D
from sknn.optimizers import Adam, Muon
from tests.engine.layered import Layered
from tests.engine.under_test import LOSSES, flat, stored, targets

PATIENCE = 3.0  # seconds, on a busy machine
ADAM = Adam()
ENDLESS = 400_000  # samples: many seconds of work


def long_training(tested_engine, batch_size, optimizer=ADAM, n_threads=1, **options):
    """Few rows that count as many samples."""
    model = tested_engine.mlp(300, (700, 700), LOSSES["softmax"])
    X, y = tested_engine.normal(100, 300), targets(model.loss, 100, tested_engine.dtype)
    samples = np.arange(ENDLESS) % 100
    trainer = model.trainer(
        X, y, optimizer, samples=samples, batch_size=batch_size, n_threads=n_threads, **options
    )
    return model, trainer


def run(trainer, deadline, rate=1e-4):
    trainer.begin_epoch(0, False)
    return trainer.run(np.full(trainer.n_steps, rate), 0, deadline)


@contextlib.contextmanager
def interrupt_after(seconds):
    """Ctrl-C for this process; never later than the end of the block."""
    timer = threading.Timer(seconds, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@pytest.fixture(autouse=True)
def python_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def weights_after(tested_engine, n_steps, batch_size, **options):
    """The same training, so many steps long."""
    model = tested_engine.mlp(300, (700, 700), LOSSES["softmax"])
    X, y = tested_engine.normal(100, 300), targets(model.loss, 100, tested_engine.dtype)
    samples = np.arange(n_steps * batch_size) % 100
    trainer = model.trainer(X, y, Adam(), samples=samples, batch_size=batch_size, **options)
    assert run(trainer, np.inf) == n_steps
    return flat(stored(model, trainer))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_deadline_in_the_middle_of_a_long_step(best, n_threads):
    """No step is finished and no weight has moved."""
    model, trainer = long_training(best, ENDLESS, n_threads=n_threads)
    begin = time.monotonic()
    assert run(trainer, model.engine.clock() + 0.2) == 0
    assert 0.1 < time.monotonic() - begin < PATIENCE
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(model.weights))


@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.01}])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_deadline_between_short_steps(best, n_threads, options):
    """As many whole steps as it says."""
    model, trainer = long_training(best, 32, n_threads=n_threads, **options)
    begin = time.monotonic()
    done = run(trainer, model.engine.clock() + 0.2)
    assert time.monotonic() - begin < PATIENCE
    assert 0 < done < trainer.n_steps
    expected = weights_after(best, done, 32, **options)
    np.testing.assert_array_equal(flat(stored(model, trainer)), expected)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_deadline_while_muon_iterates(best, n_threads):
    """The iteration of large matrices takes seconds: the step is given up, moments and all."""
    model = best.mlp(2500, (2500,), LOSSES["softmax"], activations="relu")
    X, y = best.normal(4, 2500), targets(model.loss, 4, "float32")
    trainer = model.trainer(X, y, Muon(n_iterations=100), n_threads=n_threads)
    begin = time.monotonic()
    assert run(trainer, model.engine.clock() + 0.3) == 0
    assert time.monotonic() - begin < PATIENCE
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(model.weights))
    moment = model.network.empty_weights()
    trainer.store_slot(0, *moment)
    assert not flat(moment).any()


def test_deadline_within_a_batch_of_images(best):
    """Batch norms want the whole batch in one block; the clock is looked at within it."""
    layers = [Conv2D(32, 5, padding="same"), BatchNorm(), Conv2D(32, 5, padding="same")]
    model = Layered(best, layers, (64, 64, 8))
    X, y = model.images(100), targets(model.loss, 100, "float32")
    samples = np.arange(1000) % 100
    trainer = model.trainer(X, y, Adam(), samples=samples, batch_size=1000)
    begin, moments = time.monotonic(), model.moments(trainer)
    assert run(trainer, model.engine.clock() + 0.2) == 0
    assert time.monotonic() - begin < 1.5
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(model.weights))
    np.testing.assert_array_equal(np.concatenate(model.moments(trainer)), np.concatenate(moments))


def test_deadline_that_has_passed(tested_engine):
    model = tested_engine.mlp(3, (4,))
    X, y = tested_engine.normal(3000, 3), tested_engine.normal(3000, 1)
    assert run(model.trainer(X, y, Adam(), batch_size=100), -np.inf) == 0
    trainer = model.trainer(X, y, Adam())
    assert run(trainer, -np.inf) == 0
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(model.weights))


def test_deadline_of_a_gradient(best):
    model, trainer = long_training(best, ENDLESS, optimizer=None)
    begin = time.monotonic()
    gradient = model.network.empty_weights()
    assert trainer.loss_and_gradient(gradient, model.engine.clock() + 0.2) is None
    assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("batch_size", [32, ENDLESS])
def test_interrupt(best, batch_size, n_threads):
    """KeyboardInterrupt; the Trainer holds whole steps and goes on if asked to."""
    model, trainer = long_training(best, batch_size, n_threads=n_threads)
    begin = time.monotonic()
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        run(trainer, model.engine.clock() + 2 * PATIENCE)  # a limit, should the signal be lost
    assert time.monotonic() - begin < PATIENCE
    weights = flat(stored(model, trainer))
    assert np.isfinite(weights).all()
    if batch_size == ENDLESS:
        np.testing.assert_array_equal(weights, flat(model.weights))
    else:
        assert run(trainer, model.engine.clock() + 0.2) > 0
        assert np.isfinite(flat(stored(model, trainer))).all()


def test_interrupt_of_a_gradient(best):
    model, trainer = long_training(best, ENDLESS, optimizer=None)
    begin = time.monotonic()
    gradient = model.network.empty_weights()
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        trainer.loss_and_gradient(gradient, model.engine.clock() + 2 * PATIENCE)
    assert time.monotonic() - begin < PATIENCE


def predict_for(seconds, model, X):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        model.forward(X)


def test_interrupt_of_a_prediction(best):
    model = best.mlp(1000, (3000, 3000))
    X = best.normal(30_000, 1000)
    begin = time.monotonic()
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        predict_for(2 * PATIENCE, model, X)
    assert time.monotonic() - begin < PATIENCE


def test_own_handler_of_the_signal(best):
    """Another exception is heard as well; a handler that raises nothing is no reason to stop."""
    model, trainer = long_training(best, 32)
    seen = []
    signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    with interrupt_after(0.2):
        assert run(trainer, model.engine.clock() + 0.6) > 0
    assert seen

    def refuse(*_):
        raise RuntimeError("stop it")

    signal.signal(signal.SIGINT, refuse)
    with interrupt_after(0.2), pytest.raises(RuntimeError, match="stop it"):
        run(trainer, model.engine.clock() + 2 * PATIENCE)


def test_runs_in_a_python_thread(best):
    """Signals belong to the main thread; elsewhere the deadline holds too, and the GIL is free."""
    model, trainer = long_training(best, 32)
    done, ticks = [], 0
    worker = threading.Thread(target=lambda: done.append(run(trainer, model.engine.clock() + 0.5)))
    worker.start()
    while worker.is_alive():
        time.sleep(0.01)
        ticks += 1
    assert done[0] > 0
    assert ticks > 5
