"""Optimizers: steps of PyTorch and scikit-learn, the twins' recurrences, convergence, state."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sknn.losses import Loss
from sknn.optimizers import SGD, Adam
from tests import twins
from tests.engine import golden_optimizers as golden
from tests.engine.machine import flat, run_epochs, stored, targets

OPTIMIZERS = {
    "sgd": SGD(momentum=0.0, nesterov=False),
    "momentum": SGD(momentum=0.9, nesterov=False),
    "nesterov": SGD(momentum=0.9, nesterov=True),
    "adam": Adam(),
    "adam_betas": Adam(beta_1=0.8, beta_2=0.95),
    "adam_epsilon": Adam(epsilon=0.5),
}


def twin_step(optimizer):
    options = optimizer.get_params()
    step = twins.adam if isinstance(optimizer, Adam) else twins.sgd
    return lambda w, g, slots, rate, t: step(w, g, slots, rate, t, **options)


def golden_steps(machine, name):
    """The engine on the problem of the golden numbers."""
    optimizer = OPTIMIZERS[name.removesuffix("_decay").removesuffix("_clip")]
    model = machine.mlp(2)
    model.weights = [golden.W.astype(machine.dtype)], [golden.B.astype(machine.dtype)]
    X, y = golden.X.astype(machine.dtype), golden.Y.astype(machine.dtype)
    alpha = golden.DECAY * len(X) if "decay" in name else 0.0
    clip_norm = golden.CLIP_NORM if "clip" in name else 0.0
    trainer = model.trainer(X, y, optimizer, alpha=alpha, clip_norm=clip_norm)
    steps = []
    for epoch in range(golden.STEPS[-1]):
        run_epochs(trainer, [epoch], golden.RATE)
        steps.append(flat(stored(model, trainer)))
    return np.array(steps)[np.array(golden.STEPS) - 1]


@pytest.mark.parametrize("name", golden.SCIKIT_LEARN)
def test_steps_of_scikit_learn(machine, name):
    tolerance = 200 * machine.eps
    np.testing.assert_allclose(
        golden_steps(machine, name), golden.SCIKIT_LEARN[name], rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", golden.TORCH)
def test_steps_of_torch(machine, name):
    """Exact for SGD; Adam's ε stands elsewhere and clipping adds 1e-6 to the norm."""
    other = 1e-5 if "clip" in name else 1e-6 if "adam" in name else 0
    tolerance = max(other, 200 * machine.eps)
    np.testing.assert_allclose(
        golden_steps(machine, name), golden.TORCH[name], rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_recurrence_with_a_changing_rate(double, name):
    """Six steps of a small network at six rates: weights and moments equal the twin's."""
    optimizer = OPTIMIZERS[name]
    model = double.mlp(3, (4,), Loss("squared_error", (2,)))
    X, y = double.normal(5, 3), targets(model.loss, 5, "float64")
    trainer = model.trainer(X, y, optimizer, alpha=0.2)
    w, slots = flat(model.weights), [np.zeros(26) for _ in range(optimizer.n_slots)]
    for t, rate in enumerate([0.1, 0.02, 0.3, 0.05, 0.2, 0.01], start=1):
        model.weights = stored(model, trainer)
        gradient = flat(model.twin(X, y, alpha=0.2)[1])
        w, slots = twin_step(optimizer)(w, gradient, slots, rate, t)
        trainer.begin_epoch(t, False)
        trainer.run(np.array([rate]), t - 1, np.inf)
    np.testing.assert_allclose(flat(stored(model, trainer)), w, rtol=1e-11, atol=1e-13)
    for k, slot in enumerate(slots):
        moment = model.network.empty_weights()
        trainer.store_slot(k, *moment)
        np.testing.assert_allclose(flat(moment), slot, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("clip_norm", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rate_factors(double, name, clip_norm):
    """Weights and biases of each layer at rates of their own: steps of the twin at these rates."""
    optimizer = OPTIMIZERS[name]
    model = double.mlp(3, (4,), Loss("squared_error", (2,)))
    factors = [(0.5, 3.0), (1.0, 0.0)]
    for k, (weights, biases) in enumerate(factors):
        parameter = model.network.plan.parameters[k]
        model.network.plan.parameters[k] = replace(
            parameter, rate_factor=weights, bias_rate_factor=biases
        )
    model.program = model.network.program(model.loss, True)
    X, y = double.normal(5, 3), targets(model.loss, 5, "float64")
    trainer = model.trainer(X, y, optimizer, clip_norm=clip_norm)
    rates = 0.1 * np.repeat([0.5, 1.0, 3.0, 0.0], [12, 8, 4, 2])
    w, slots = flat(model.weights), [np.zeros(26) for _ in range(optimizer.n_slots)]
    for t in (1, 2, 3):
        model.weights = stored(model, trainer)
        gradient = flat(model.twin(X, y)[1])
        gradient = twins.clip(gradient, clip_norm) if clip_norm else gradient
        w, slots = twin_step(optimizer)(w, gradient, slots, rates, t)
        trainer.begin_epoch(t, False)
        trainer.run(np.array([0.1]), t - 1, np.inf)
    np.testing.assert_allclose(flat(stored(model, trainer)), w, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_converges_on_a_parabola(machine, name):
    """Least squares of noiseless data: the weights that made it come back."""
    model = machine.mlp(3)
    X = machine.normal(40, 3)
    truth = np.array([[1.0], [-2.0], [0.5]], machine.dtype)
    y = X @ truth + machine.normal(1, 1)
    rate = 0.5 if name == "adam_epsilon" else 0.05
    (coefs, _), losses = model.train(
        X, y, OPTIMIZERS[name], epochs=400, rate=rate, batch_size=20, shuffle=True
    )
    np.testing.assert_allclose(coefs[0], truth, atol=2e-2)
    assert losses[-1] < 1e-3 * losses[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rate_of_zero_changes_nothing(machine, name):
    model = machine.mlp(5, (7,))
    X, y = machine.normal(6, 5), machine.normal(6, 1)
    weights, _ = model.train(X, y, OPTIMIZERS[name], rate=0.0, batch_size=4)
    np.testing.assert_array_equal(flat(weights), flat(model.weights))


def test_padding_of_parameters_never_moves(machine):
    """Adam on 1-wide layers, whose packed rows are mostly padding, stays finite and right."""
    model = machine.mlp(1, (1, 1))
    X, y = machine.normal(3, 1), machine.normal(3, 1)
    trainer = model.trainer(X, y, Adam(epsilon=1e-30), alpha=0.1)
    run_epochs(trainer, range(50), 0.01)
    assert np.isfinite(flat(stored(model, trainer))).all()


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (SGD(momentum=-0.1), "momentum"),
        (SGD(momentum=1.1), "momentum"),
        (SGD(nesterov="no"), "nesterov"),
        (Adam(beta_1=1.0), "beta_1"),
        (Adam(beta_2=-0.5), "beta_2"),
        (Adam(epsilon=0.0), "epsilon"),
    ],
)
def test_parameters_out_of_range(optimizer, name):
    with pytest.raises(
        InvalidParameterError, match=f"'{name}' parameter of {type(optimizer).__name__}"
    ):
        optimizer.validate()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_description(best, name):
    """An optimizer is a valid scikit-learn object, and the engine knows its kind."""
    optimizer = clone(OPTIMIZERS[name])
    optimizer.validate()
    module = best.mlp(1).engine
    kind, n_slots, coefficients = optimizer.lower(module)
    assert kind in module.OPTIMIZERS.values()
    assert n_slots == type(optimizer).n_slots
    assert all(isinstance(value, float) for value in coefficients)
