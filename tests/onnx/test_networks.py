"""Random networks of every layer with all its parameters: onnxruntime says what the estimators say."""

import contextlib

import pytest

from sknn.onnx import from_onnx, to_onnx
from tests.engine.drawn_layers import draw
from tests.engine.layer_cases import has
from tests.onnx.answers import answers, assert_predicts, assert_same, fitted

pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

N_NETWORKS = 30
#: layers of columns, which from_onnx does not read
COLUMNS = ("Columns", "CategoryEmbedding", "PeriodicEmbedding", "PiecewiseLinearEmbedding")


def read(model, layers):
    """The estimator of a model; None where there are layers of columns, which cannot be read."""
    if not any(has(layers, name) for name in COLUMNS):
        return from_onnx(model)
    with contextlib.suppress(ValueError):  # columns that are all passed are none
        return from_onnx(model)
    return None


def check(seed):
    """A classifier's or a regressor's network, there and back."""
    case = draw(seed)
    net, X = fitted(case, regressor=seed % 2 == 1)
    model = to_onnx(net)
    assert_predicts(answers(model, {"X": X}), net, X)
    again = read(model, case.layers)
    if again is None:
        return
    assert_predicts(answers(to_onnx(again), {"X": X}), net, X)
    assert_same(again.predict(X), net.predict(X))


@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_random_networks(seed):
    check(seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(N_NETWORKS, 2000))
def test_many_random_networks(seed):
    check(seed)
