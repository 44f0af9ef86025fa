"""Instruction sets and threads: what is chosen, what overrides it, that all compute the same."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from sknn import engine
from sknn.optimizers import Adam
from tests.engine.conftest import DTYPES
from tests.engine.under_test import LOSSES, EngineUnderTest, flat, targets

LEVELS = engine.available_levels()


def train(level, dtype, n_threads=1):
    model = EngineUnderTest(level, dtype).mlp(
        20, (33, 17), LOSSES["softmax"], activations=["gelu", "mish"]
    )
    X = np.random.default_rng(0).standard_normal((60, 20)).astype(dtype)
    y = targets(model.loss, 60, dtype)
    weights, losses = model.train(X, y, Adam(), epochs=5, batch_size=16, n_threads=n_threads)
    return flat(weights), losses, model.forward(X, link=True)


def test_levels():
    assert LEVELS[-1] == "baseline"
    assert [level for level in engine.LEVELS if level in LEVELS] == LEVELS
    assert engine.LEVEL in LEVELS


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_modules_stand_side_by_side(level, dtype):
    module = engine.load(dtype, level)
    assert module.__name__ == f"sknn.engine._engine_{level}_{dtype}"
    assert module is engine.load(dtype, level)
    assert {"dense", "dropout", "activation"} <= set(module.OPS)


def test_default_module():
    assert engine.load("float32") is engine.load("float32", engine.LEVEL)


@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree(level):
    """To rounding: fused multiply-adds and the order of sums differ."""
    for dtype, tolerance in [("float32", 2e-4), ("float64", 1e-11)]:
        _, losses, predictions = train(level, dtype)
        expected = train("baseline", "float64")
        np.testing.assert_allclose(losses, expected[1], rtol=max(tolerance, 1e-12))
        np.testing.assert_allclose(predictions, expected[2], atol=30 * tolerance)


@pytest.mark.parametrize("level", LEVELS)
def test_override(monkeypatch, level):
    monkeypatch.setenv("SKNN_ISA", level)
    assert engine._choose_level() == level


def test_no_override(monkeypatch):
    for value in (None, ""):
        monkeypatch.delenv("SKNN_ISA", raising=False)
        if value is not None:
            monkeypatch.setenv("SKNN_ISA", value)
        assert engine._choose_level() == LEVELS[0]


def test_wrong_override(monkeypatch):
    monkeypatch.setenv("SKNN_ISA", "mmx")
    with pytest.raises(ImportError, match="SKNN_ISA='mmx' cannot be used here; choose one of"):
        engine._choose_level()


def test_override_of_a_process():
    code = "from sknn import engine; print(engine.LEVEL, engine.load('float32').__name__)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SKNN_ISA": "baseline"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["baseline", "sknn.engine._engine_baseline_float32"]


needs_openmp = pytest.mark.skipif(not engine._cpu.has_openmp(), reason="built without OpenMP")


@needs_openmp
def test_number_of_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    most = engine.effective_threads(None)
    assert 1 <= most <= (os.cpu_count() or 1)
    assert engine.effective_threads(3) == 3
    assert engine.effective_threads(-1) == most
    assert engine.effective_threads(-1000) == 1


@needs_openmp
def test_limits_of_others_are_respected():
    with threadpool_limits(1, user_api="openmp"):
        assert engine.effective_threads(None) == 1
        assert engine.effective_threads(2) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_works_on_one_thread():
    """OpenMP's pool does not survive a fork; a child that used it would hang."""
    expected = train(LEVELS[0], "float32", 2)[0]
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        threads = engine.effective_threads(2)
        same = np.array_equal(train(LEVELS[0], "float32", threads)[0], expected)
        os._exit(0 if threads == 1 and same else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
