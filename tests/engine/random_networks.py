"""Networks that nobody thought of: drawn from a seed, checked from all sides, shrunk where they fail.

``python -m tests.engine.random_networks 10000`` checks so many; a failing one is printed as a line of Python.
With ``--run-only`` nothing is compared, for a build with sanitizers: they see wrong addresses by themselves.
"""

import argparse
import inspect
from dataclasses import replace
from unittest import mock

import numpy as np
from sklearn.base import clone

from sknn.layers import Columns, Residual, Transposed
from tests import reference, reference_layers
from tests.engine.conftest import LEVELS
from tests.engine.drawn_layers import draw
from tests.engine.layered import Layered
from tests.engine.test_optimizers import OPTIMIZERS, REFERENCE_STEPS
from tests.engine.under_test import (
    LOSSES,
    EngineUnderTest,
    arrays,
    flat,
    run_epochs,
    stored,
    targets,
)

TOLERANCE = 1e-8


# ---- checking -----------------------------------------------------------------------------------


class Network(Layered):
    """The network of a case on one instruction set, with its data."""

    def __init__(self, case, level, dtype="float64"):
        options = {"activation": case.activation, "seed": case.seed, "sparse": case.sparse}
        super().__init__(
            EngineUnderTest(level, dtype), case.layers, case.shape, case.loss, **options
        )
        rng = np.random.default_rng(case.seed)
        self.X = rng.standard_normal((case.n, *case.shape)).astype(dtype)
        if case.sparse:
            self.X *= rng.random(self.X.shape) < 0.5
        self.y = targets(case.loss, case.n, dtype)
        weights = rng.choice([0.0, 0.3, 1.0, 2.0], case.n) if case.weighted else np.ones(case.n)
        weights[0] += not weights.any()
        self.options = {"seed": case.seed, "alpha": case.alpha}
        if case.weighted:
            self.options["sample_weight"] = weights
        self.trained = np.concatenate(
            [np.full(np.prod(p.shape), p.trained) for p in self.network.plan.parameters]
            + [np.full(p.shape[-1], p.biased) for p in self.network.plan.parameters]
        )


def assert_near(actual, expected, tolerance, what):
    """Within a share of the largest number."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert np.isfinite(expected).all() == np.isfinite(actual).all(), what
    off = abs(actual - expected).max(initial=0.0)
    assert not off > tolerance * abs(expected).max(initial=1.0), f"{what} off by {off:.3g}"


def check(case, levels=None):
    """Raises AssertionError where the engine computes something else than the reference."""
    for level in levels or LEVELS:
        net = Network(case, level)
        expected_loss, expected, _ = net.reference(net.X, net.y, **net.options)
        expected = flat(expected) * net.trained
        if not np.isfinite(expected).all() or abs(expected).max(initial=0) > 1e6:
            return  # nothing can be compared
        check_outputs(net, level)
        value, gradient = net.loss_and_gradient(net.X, net.y, **net.options)
        assert_near(value, expected_loss, TOLERANCE, f"{level}: loss")
        assert_near(flat(gradient), expected, TOLERANCE, f"{level}: gradient")
        check_threads(net, value, gradient, level)
        check_steps(case, net, level, flat(gradient) == 0)
        check_rounded(net, level)
    check_slopes(net, flat(gradient))
    check_input_gradients(case, net)


def check_outputs(net, level):
    outputs = net.reference_outputs(net.X)
    assert_near(net.forward(net.X), outputs[-1], TOLERANCE, f"{level}: outputs")
    if net.sparse:
        return
    for i, ((n_ops, shape), expected) in enumerate(zip(net.network.ends, outputs, strict=True)):
        if n_ops > 0:
            actual = net.forward(net.X, n_ops, shape=shape)
            assert_near(actual, expected, TOLERANCE, f"{level}: output of layer {i}")


def check_threads(net, value, gradient, level):
    """The same bits with three threads, and with every row alone in prediction."""
    other, other_gradient = net.loss_and_gradient(net.X, net.y, n_threads=3, **net.options)
    assert other == value, f"{level}: loss with three threads"
    assert np.array_equal(flat(other_gradient), flat(gradient)), f"{level}: gradient, three threads"
    together = net.forward(net.X, n_threads=3)
    alone = np.concatenate([net.forward(net.X[i : i + 1]) for i in range(len(net.X))])
    assert np.array_equal(together, alone), f"{level}: outputs of rows alone"


def check_rounded(net, level):
    """The gradient with factors in bfloat16; Winograd rounds maps instead, sparse rows are not rounded."""
    exact, net.program = (
        net.program,
        net.network.program(net.loss, True, bfloat16=True, training=True),
    )
    if not exact.winograd and not net.sparse:
        with mock.patch.object(reference_layers, "factor", reference.nearest_bfloat16):
            expected_loss, expected, _ = net.reference(net.X, net.y, **net.options)
        value, gradient = net.loss_and_gradient(net.X, net.y, n_threads=2, **net.options)
        assert_near(value, expected_loss, TOLERANCE, f"{level}: loss with rounded factors")
        expected = flat(expected) * net.trained
        assert_near(flat(gradient), expected, TOLERANCE, f"{level}: gradient, rounded factors")
    net.program = exact


def check_slopes(net, gradient):
    """Central differences of the loss along random directions; one of three steps must do, for bends."""
    trainer, unused = net.trainer(net.X, net.y, **net.options), net.network.empty_weights()
    start, rng = flat(net.weights), np.random.default_rng(1)
    for _ in range(2):
        direction = rng.standard_normal(len(start)) * net.trained
        direction /= max(np.linalg.norm(direction), 1e-300)
        expected, slopes = direction @ gradient, []
        for step in (1e-5, 1e-6, 1e-7):
            values = []
            for side in (step, -step):
                moved = [[np.empty_like(a) for a in part] for part in net.weights]
                spread(start + side * direction, moved)
                trainer.load(*moved)
                values.append(trainer.loss_and_gradient(unused))
            slopes.append((values[0] - values[1]) / (2 * step))
        off = min(abs(slope - expected) for slope in slopes)
        size = max(1.0, np.linalg.norm(gradient), abs(values[0]))
        assert off < 1e-5 * size, f"slope {expected:.8g}, central differences {slopes}"


def check_input_gradients(case, net):
    """Gradients of the outputs with respect to the input, as the network predicts it."""
    if case.sparse:
        return
    rng = np.random.default_rng(2)
    of_outputs = rng.standard_normal((case.n, case.loss.n_outputs))
    direction = rng.standard_normal(net.X.shape)
    direction /= np.linalg.norm(direction)
    statistics = net.statistics if net.statistics[0] else None
    actual = net.network.input_gradients(
        net.rows(net.X), net.weights, of_outputs, statistics=statistics
    )
    expected = (actual.reshape(net.X.shape) * direction).sum()
    slopes = []
    for step in (1e-5, 1e-6, 1e-7):
        change = net.forward(net.X + step * direction) - net.forward(net.X - step * direction)
        slopes.append((change * of_outputs).sum() / (2 * step))
    size = max(1.0, np.linalg.norm(actual), abs(net.forward(net.X)).max())
    off = min(abs(slope - expected) for slope in slopes)
    assert off < 1e-5 * size, f"slope along the input {expected:.8g}, central differences {slopes}"


def run_only(case, levels=None):
    """Runs of the engine all that `check` runs, and compares nothing."""
    for level in levels or LEVELS:
        net = Network(case, level)
        net.forward(net.X, n_threads=3)
        net.forward(net.X[:1])
        for n_ops, shape in net.network.ends:
            if n_ops > 0 and not net.sparse:
                net.forward(net.X, n_ops, shape=shape)
        net.loss_and_gradient(net.X, net.y, n_threads=3, **net.options)
        exact, net.program = (
            net.program,
            net.network.program(net.loss, True, bfloat16=True, training=True),
        )
        net.loss_and_gradient(net.X, net.y, n_threads=3, **net.options)
        net.program = exact
        options = {**net.options, "clip_norm": case.clip_norm, "n_threads": 1 + case.seed % 2}
        trainer = net.trainer(net.X, net.y, OPTIMIZERS[case.optimizer], **options)
        run_epochs(trainer, range(3), 0.01)
        stored(net, trainer)
        net.moments(trainer)
        if not case.sparse:
            slopes = np.ones((case.n, case.loss.n_outputs))
            statistics = net.statistics if net.statistics[0] else None
            net.network.input_gradients(net.rows(net.X), net.weights, slopes, statistics=statistics)


def spread(vector, weights):
    at = 0
    for array in arrays(weights):
        array[...] = vector[at : at + array.size].reshape(array.shape)
        at += array.size


def check_steps(case, net, level, idle):
    """Three steps of the optimizer on the whole batch, and the running moments after them.

    `idle` are the weights without any gradient in the engine.
    """
    optimizer = OPTIMIZERS[case.optimizer]
    options = {**net.options, "clip_norm": case.clip_norm}
    trainer = net.trainer(net.X, net.y, optimizer, n_threads=1 + case.seed % 2, **options)
    run_epochs(trainer, range(3), 0.01, shuffle=False)
    start, statistics = net.weights, net.statistics
    w, slots = flat(start), [np.zeros(net.trained.size) for _ in range(optimizer.n_slots)]
    adaptive = case.optimizer not in {"sgd", "momentum", "nesterov"}
    certain = np.ones(net.trained.size, bool)
    for t in (1, 2, 3):
        net.weights = [[np.empty_like(a) for a in part] for part in start]
        spread(w, net.weights)
        _, gradient, moments = net.reference(net.X, net.y, epoch=t - 1, **net.options)
        gradient = flat(gradient) * net.trained
        if case.clip_norm:
            gradient = reference.clip(gradient, case.clip_norm)
        # adaptive rates make whole steps of gradients that are nothing but rounding
        size = abs(gradient)
        large = size > 1e-6 * size.max(initial=0)
        certain &= (not adaptive) | large | ((size == 0) & idle)
        w, slots = step_of(net, optimizer)(w, gradient, slots, t)
        after = net.reference_running(moments)
        net.statistics = after[: len(moments)], after[len(moments) :]
    expected_moments = [*net.statistics[0], *net.statistics[1]]
    net.weights, net.statistics = start, statistics
    if np.isfinite(w).all() and abs(w).max(initial=0) < 1e6:
        loose = 100 * TOLERANCE if adaptive else TOLERANCE
        after = flat(stored(net, trainer))
        assert_near(after[certain], w[certain], loose, f"{level}: three steps")
        if expected_moments and certain.all():
            actual = np.concatenate(net.moments(trainer))
            assert_near(actual, np.concatenate(expected_moments), loose, f"{level}: moments")


def step_of(net, optimizer):
    """A step of the reference with the rates, the decay and the matrices of a network."""
    parameters = net.network.plan.parameters
    rates = 0.01 * net.rate_factors() * net.trained
    options = optimizer.get_params()
    if "weight_decay" in options:
        decays = [np.full(np.prod(p.shape), p.decays * p.decay_factor) for p in parameters]
        decays = np.concatenate([*decays, *(np.zeros(p.shape[-1]) for p in parameters)])
        options["decays"] = decays * 0.01 / np.where(rates > 0, rates, np.inf)
    if "n_iterations" in options:
        options["matrices"] = list(matrices(net.network))
    step = REFERENCE_STEPS[type(optimizer)]
    return lambda w, g, slots, t: step(w, g, slots, rates, t, **options)


def matrices(network):
    """(slice, shape) of what Muon takes for matrices: kernels and dense layers but the last."""
    ends = np.cumsum([0, *(np.prod(p.shape) for p in network.plan.parameters)])
    for op in network.plan.ops[:-1]:
        parameter = network.plan.parameters[op.parameter]
        if op.kind in ("dense", "dense_csr", "conv") and parameter.trained:
            yield (
                slice(ends[op.parameter], ends[op.parameter + 1]),
                (parameter.n_in, parameter.shape[-1]),
            )


# ---- shrinking ----------------------------------------------------------------------------------


def fails(case, levels=None):
    """What is wrong with a case, or None; a case that cannot be built is right."""
    try:
        check(case, levels)
    except AssertionError as error:
        return str(error)
    except ValueError:
        return None
    return None


def simpler(case):
    """Cases that are a little simpler."""
    for fewer in simpler_layers(case.layers):
        yield replace(case, layers=fewer)
    for plain in (
        {"loss": LOSSES["squared_error"]},
        {"weighted": False},
        {"alpha": 0.0},
        {"clip_norm": 0.0},
        {"optimizer": "sgd"},
        {"sparse": False},
        {"n": 1},
        {"n": max(case.n - 1, 1)},
    ):
        if any(getattr(case, name) != value for name, value in plain.items()):
            yield replace(case, **plain)
    for i, size in enumerate(case.shape):
        if size > 1:
            yield replace(case, shape=(*case.shape[:i], size - 1, *case.shape[i + 1 :]))


def simpler_layers(drawn):
    """One layer fewer, or one with a simpler parameter, at any depth."""
    for i, layer in enumerate(drawn):
        before, after = drawn[:i], drawn[i + 1 :]
        if layer is None:
            continue
        yield before + after
        if isinstance(layer, (Residual, Transposed)):
            yield before + list(layer.layers) + after
        if hasattr(layer, "layers"):
            for fewer in simpler_layers(layer.layers):
                if len(fewer) == len(layer.layers) or not isinstance(layer, Columns):
                    yield [*before, clone(layer).set_params(layers=fewer), *after]
        for name, parameter in inspect.signature(type(layer)).parameters.items():
            value = getattr(layer, name)
            if parameter.default is not inspect.Parameter.empty and not np.array_equal(
                value, parameter.default
            ):
                yield [*before, clone(layer).set_params(**{name: parameter.default}), *after]


def shrunk(case):
    """The simplest case found that still fails."""
    found = True
    while found:
        found = next((smaller for smaller in simpler(case) if fails(smaller)), None)
        case = found or case
    return case


def check_seeds(seeds, everywhere=True):
    """Checks the cases of some seeds; the first that fails is shrunk and told.

    On all instruction sets, or each on one.
    """
    for seed in seeds:
        case = draw(seed)
        if fails(case, LEVELS if everywhere else [LEVELS[seed % len(LEVELS)]]):
            small = shrunk(case)
            raise AssertionError(f"seed {seed}: {fails(small)}\ncheck({small!r})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="+", type=int, help="how many; or the first and the last")
    parser.add_argument("--run-only", action="store_true", help="compare nothing")
    arguments = parser.parse_args()
    first, last = [0, *arguments.numbers][-2:]
    for begin in range(first, last, 100):
        seeds = range(begin, min(begin + 100, last))
        if arguments.run_only:
            for seed in seeds:
                run_only(draw(seed))
        else:
            check_seeds(seeds)
        print(f"{seeds.stop} networks", flush=True)


if __name__ == "__main__":
    main()
