"""Against PyTorch: outputs, gradients, running moments, and the losses of LeNet-5 step for step.

The variable SKNN_TORCH_PYTHON names a Python that has torch and numpy; it need not have sknn.
"""

import inspect
import itertools
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from sknn import MLPMixerClassifier
from sknn.engine import available_levels
from sknn.layers import Conv2D, Dropout, MaxPool2D, SpatialDropout
from sknn.network.mixer import mixer_layers
from sknn.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, RMSprop
from tests.engine.drawn_layers import draw
from tests.engine.layer_cases import ALL, DROPOUTS, has
from tests.engine.layered import Layered
from tests.engine.under_test import EngineUnderTest, flat, stored, targets

TORCH_PYTHON = os.environ.get("SKNN_TORCH_PYTHON")
if not TORCH_PYTHON:
    pytest.skip("SKNN_TORCH_PYTHON names no Python that has PyTorch", allow_module_level=True)

N = 9


def grid():
    """A layer over sizes, strides, paddings, dilations and groups.

    A convolution stands before it, so that the gradient of its input is seen in the first weights.
    """
    table = {}
    for size, kernel, strides, padding, dilation, groups in itertools.product(
        [(8, 9), (5, 12)],
        [1, 2, 3, (1, 4)],
        [1, 2, (3, 1)],
        ["valid", "same", 1],
        [1, 2],
        [1, 2, 6],
    ):
        layer = Conv2D(
            12, kernel, strides=strides, padding=padding, dilation=dilation, groups=groups
        )
        first = Conv2D(6, 2, padding="same", activation="tanh")
        name = "_".join(map(str, [*size, kernel, strides, padding, dilation, groups]))
        table[f"grid_{name}".translate(str.maketrans("(),", "   ")).replace(" ", "")] = (
            [first, layer, MaxPool2D(2, padding="same")],
            (*size, 3),
        )
    return table


MIXER = MLPMixerClassifier(4, n_blocks=2, hidden_dim=16, tokens_mlp_dim=18, channels_mlp_dim=35)
# The layers of an estimator, as the paper has them.
DESCRIPTIONS = {
    "estimators_mixer": [
        ["Conv2D", {"filters": 16, "kernel_size": 4, "strides": 4, "activation": "identity"}],
        ["Mixer", {"n_blocks": 2, "tokens": 18, "channels": 35}],
    ]
}

CASES = {
    "estimators_mixer": (mixer_layers((12, 8, 3), MIXER), (12, 8, 3)),
    **{name: case for name, case in ALL.items() if name not in DROPOUTS and name != "everything"},
    **grid(),
}
# Random networks, of seeds that the engine's own tests do not use, without masks.
RANDOM = {f"random_{seed}": draw(seed) for seed in range(100_000, 100_300)}
# optimizer, the same in PyTorch, learning rate; Adam's ε is so small that its place does not matter
STEPS = {
    "sgd": (SGD(nesterov=False), ["SGD", {"lr": 0.01, "momentum": 0.9}], 0.01),
    "nesterov": (SGD(), ["SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}], 0.01),
    "adam": (Adam(epsilon=1e-30), ["Adam", {"lr": 1e-3, "eps": 1e-30}], 1e-3),
    "adamw": (AdamW(weight_decay=0.0), ["AdamW", {"lr": 1e-3, "weight_decay": 0.0}], 1e-3),
    "nadam": (NAdam(), ["NAdam", {"lr": 1e-3}], 1e-3),
    "adagrad": (Adagrad(), ["Adagrad", {"lr": 0.01}], 0.01),
    "adadelta": (Adadelta(), ["Adadelta", {"lr": 1.0}], 1.0),
    "rmsprop": (RMSprop(), ["RMSprop", {"lr": 1e-3}], 1e-3),
}


def describe(layers):
    """As networks.py takes them: what differs from its default."""
    return [layer and [type(layer).__name__, changed(layer)] for layer in layers]


def changed(layer):
    defaults = inspect.signature(type(layer)).parameters
    return {
        name: describe(value) if name == "layers" else value
        for name, value in layer.get_params(deep=False).items()
        if not np.array_equal(value, defaults[name].default)
    }


def without_masks(layers):
    """The same layers, at any depth, but for dropout."""
    kept = []
    for layer in layers:
        if hasattr(layer, "layers"):
            layer = clone(layer).set_params(layers=without_masks(layer.layers))
        elif isinstance(layer, (Dropout, SpatialDropout)):
            layer = clone(layer).set_params(rate=0.0)
        kept.append(layer)
    return kept


def model_of(name, dtype):
    if name in RANDOM:
        layers, shape = RANDOM[name].layers, RANDOM[name].shape
    else:
        layers, shape = ALL["le_net"] if name in STEPS else CASES[name]
    return Layered(EngineUnderTest(available_levels()[0], dtype), without_masks(layers), shape)


def batches():
    """Eighteen batches of sixteen images, three times the same six."""
    return np.tile(np.random.default_rng(0).permutation(96).reshape(6, 16), (3, 1))


def data(model, n):
    """Images, and classes; a third of an image is brighter, and tells its class."""
    X, y = model.images(n), targets(model.loss, n, model.tested_engine.dtype)
    h = X.shape[1] // 3
    for k in range(3):
        X[y[:, 0] == k, k * h : (k + 1) * h] += 1
    return X, y


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """PyTorch's answers, by name and dtype; all of them from one run."""
    folder, jobs = tmp_path_factory.mktemp("torch"), []
    named = itertools.product([*CASES, *STEPS], ["float32", "float64"])
    for name, dtype in [*named, *((name, "float64") for name in RANDOM)]:
        model = model_of(name, dtype)
        X, y = data(model, 96 if name in STEPS else N)
        arrays = dict(zip(("coef", "intercept"), model.weights, strict=True))
        arrays |= dict(zip(("mean", "variance"), model.statistics, strict=True))
        np.savez(
            folder / f"{name}-{dtype}.npz",
            X=X,
            y=y[:, 0].astype(np.int64),
            batches=batches(),
            **{f"{key}_{i}": part for key, parts in arrays.items() for i, part in enumerate(parts)},
        )
        jobs.append(
            {
                "name": f"{name}-{dtype}",
                "layers": DESCRIPTIONS.get(name, describe(model.layers[:-1]))
                + describe(model.layers[-1:]),
                "shape": model.input_shape,
                "steps": STEPS[name][1] if name in STEPS else None,
            }
        )
    (folder / "jobs.json").write_text(json.dumps(jobs))
    script = Path(__file__).with_name("reference.py")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    subprocess.run([TORCH_PYTHON, str(script), str(folder)], check=True, env=environment)

    def answer(name, dtype):
        with np.load(folder / f"{name}-{dtype}.out.npz") as file:
            return dict(file)

    return answer


def vector(answer, *names):
    """Its arrays name_0, name_1, … as one vector."""
    parts = []
    for name in names:
        n = sum(key.startswith(f"{name}_") for key in answer)
        parts += [answer[f"{name}_{i}"].ravel() for i in range(n)]
    return np.concatenate(parts)


def assert_near(actual, expected, dtype, message=""):
    tolerance = 1e-10 if dtype == "float64" else 1e-4
    size = max(1.0, abs(expected).max())
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * size, err_msg=message)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_equals_pytorch(reference, name, dtype):
    check(reference, name, dtype)


def test_random_networks_equal_pytorch(reference):
    for name in RANDOM:
        check(reference, name, "float64", repr(RANDOM[name]))


def check(reference, name, dtype, message=""):
    expected, model = reference(name, dtype), model_of(name, dtype)
    X, y = data(model, N)
    assert_near(model.forward(X), expected["logits"], dtype, message)
    value, gradient = model.loss_and_gradient(X, y)
    assert_near(value, expected["loss"], dtype, message)
    assert_near(flat(gradient), vector(expected, "coef", "intercept"), dtype, message)
    if has(model.layers, "BatchNorm"):
        trainer = model.trainer(X, y, SGD())
        trainer.begin_epoch(0, False)
        trainer.run(np.zeros(1), 0, np.inf)
        moments = np.concatenate(model.moments(trainer))
        assert_near(moments, vector(expected, "mean", "variance"), dtype, message)


def losses_of_steps(model, optimizer, rate):
    """The loss of every batch, each trained by a trainer that goes on where the last one ended."""
    X, y = data(model, 96)
    slots = [model.network.empty_weights() for _ in range(optimizer.n_slots)]
    for slot in slots:
        for array in (*slot[0], *slot[1]):
            array[...] = 0
    losses = []
    for t, batch in enumerate(batches()):
        trainer = model.trainer(X, y, optimizer, samples=batch)
        for i, slot in enumerate(slots):
            trainer.load_slot(i, *slot)
        trainer.begin_epoch(0, False)
        trainer.run(np.array([rate]), t, np.inf)
        losses.append(trainer.loss / trainer.n_samples)
        model.weights = stored(model, trainer)
        for i, slot in enumerate(slots):
            trainer.store_slot(i, *slot)
    return losses


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", STEPS)
def test_le_net_has_the_same_losses_step_for_step(reference, name, dtype):
    optimizer, _, rate = STEPS[name]
    losses = losses_of_steps(model_of(name, dtype), optimizer, rate)
    expected = reference(name, dtype)["losses"]
    assert expected[-1] < 0.9 * expected[0]
    tolerance = 1e-9 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(losses, expected, rtol=tolerance, atol=tolerance / 10)
