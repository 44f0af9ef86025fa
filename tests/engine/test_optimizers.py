"""Optimizers: steps of PyTorch and scikit-learn, the reference's recurrences, convergence, state."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sknn.losses import Loss
from sknn.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, Muon, NAdam, RMSprop
from tests import reference
from tests.engine import golden_optimizers as golden
from tests.engine.under_test import flat, run_epochs, stored, targets

OPTIMIZERS = {
    "sgd": SGD(momentum=0.0, nesterov=False),
    "momentum": SGD(momentum=0.9, nesterov=False),
    "nesterov": SGD(momentum=0.9, nesterov=True),
    "adagrad": Adagrad(),
    "adagrad_initial": Adagrad(initial_accumulator_value=0.1),
    "adadelta": Adadelta(),
    "adadelta_epsilon": Adadelta(rho=0.95, epsilon=0.01),
    "rmsprop": RMSprop(),
    "rmsprop_momentum": RMSprop(rho=0.9, epsilon=1e-3, momentum=0.5),
    "adam": Adam(),
    "adam_betas": Adam(beta_1=0.8, beta_2=0.95),
    "adam_epsilon": Adam(epsilon=0.5),
    "adamw": AdamW(weight_decay=0.5),
    "adamw_epsilon": AdamW(weight_decay=1e-6, epsilon=0.5),
    "nadam": NAdam(),
    "nadam_betas": NAdam(beta_1=0.8, beta_2=0.95, epsilon=0.1, momentum_decay=1.0),
    "muon": Muon(),
    "muon_short": Muon(momentum=0.6, n_iterations=2, beta_1=0.8, weight_decay=0.5),
}
REFERENCE_STEPS = {
    SGD: reference.sgd,
    Adagrad: reference.adagrad,
    Adadelta: reference.adadelta,
    RMSprop: reference.rmsprop,
    Adam: reference.adam,
    AdamW: reference.adamw,
    NAdam: reference.nadam,
    Muon: reference.muon,
}
#: learning rates with which all of them find the bottom of a parabola; others 0.05
RATES = {
    "adam_epsilon": 0.5,
    "adagrad": 0.5,
    "adagrad_initial": 0.5,
    "adadelta": 1.0,
    "rmsprop": 0.005,
}
RATES["rmsprop_momentum"] = RATES["rmsprop"]


def reference_step(optimizer, decays=1.0):
    """A step of the reference; `decays` is one where weights decay, zero at biases."""
    options = optimizer.get_params()
    if isinstance(optimizer, AdamW):
        options["decays"] = decays
    if isinstance(optimizer, Muon) and np.size(decays) == 26:  # of the network 3-4-2
        options["matrices"] = [(slice(12), (3, 4))]
    step = REFERENCE_STEPS[type(optimizer)]
    return lambda w, g, slots, rate, t: step(w, g, slots, rate, t, **options)


def golden_steps(tested_engine, name):
    """The engine on the problem of the golden numbers."""
    optimizer = OPTIMIZERS[name.removesuffix("_decay").removesuffix("_clip")]
    model = tested_engine.mlp(2)
    model.weights = [golden.W.astype(tested_engine.dtype)], [golden.B.astype(tested_engine.dtype)]
    X, y = golden.X.astype(tested_engine.dtype), golden.Y.astype(tested_engine.dtype)
    alpha = golden.DECAY * len(X) if "decay" in name else 0.0
    clip_norm = golden.CLIP_NORM if "clip" in name else 0.0
    trainer = model.trainer(X, y, optimizer, alpha=alpha, clip_norm=clip_norm)
    steps = []
    for epoch in range(golden.STEPS[-1]):
        run_epochs(trainer, [epoch], golden.RATE)
        steps.append(flat(stored(model, trainer)))
    return np.array(steps)[np.array(golden.STEPS) - 1]


@pytest.mark.parametrize("name", golden.SCIKIT_LEARN)
def test_steps_of_scikit_learn(tested_engine, name):
    tolerance = 200 * tested_engine.eps
    np.testing.assert_allclose(
        golden_steps(tested_engine, name), golden.SCIKIT_LEARN[name], rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", golden.TORCH)
def test_steps_of_torch(tested_engine, name):
    """Exact, but that Adam's ε stands elsewhere and clipping adds 1e-6 to the norm."""
    other = 1e-5 if "clip" in name else 1e-6 if name in {"adam", "adam_betas"} else 0
    tolerance = max(other, 200 * tested_engine.eps)
    np.testing.assert_allclose(
        golden_steps(tested_engine, name), golden.TORCH[name], rtol=tolerance, atol=tolerance
    )


#: of the 26 numbers of a network 3-4-2: its weights
DECAYS = np.repeat([1.0, 0.0], [20, 6])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_recurrence_with_a_changing_rate(double, name):
    """Six steps of a small network at six rates: weights and moments equal the reference's."""
    optimizer = OPTIMIZERS[name]
    model = double.mlp(3, (4,), Loss("squared_error", (2,)))
    X, y = double.normal(5, 3), targets(model.loss, 5, "float64")
    trainer = model.trainer(X, y, optimizer, alpha=0.2)
    w, slots = flat(model.weights), [np.zeros(26) for _ in range(optimizer.n_slots)]
    for t, rate in enumerate([0.1, 0.02, 0.3, 0.05, 0.2, 0.01], start=1):
        model.weights = stored(model, trainer)
        gradient = flat(model.reference(X, y, alpha=0.2)[1])
        w, slots = reference_step(optimizer, DECAYS)(w, gradient, slots, rate, t)
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
    """Weights and biases of each layer at rates of their own: steps of the reference at these rates.

    Decoupled decay keeps the rate itself, but for a factor of its own.
    """
    optimizer = OPTIMIZERS[name]
    model = double.mlp(3, (4,), Loss("squared_error", (2,)))
    factors = [(0.5, 3.0, 2.0), (1.0, 0.0, 1.0)]
    names = ("rate_factor", "bias_rate_factor", "decay_factor")
    for k, values in enumerate(factors):
        parameter = model.network.plan.parameters[k]
        changed = replace(parameter, **dict(zip(names, values, strict=True)))
        model.network.plan.parameters[k] = changed
    model.program = model.network.program(model.loss, True)
    X, y = double.normal(5, 3), targets(model.loss, 5, "float64")
    trainer = model.trainer(X, y, optimizer, clip_norm=clip_norm)
    factors = np.repeat([0.5, 1.0, 3.0, 0.0], [12, 8, 4, 2])
    rates, decays = 0.1 * factors, DECAYS / np.maximum(factors, 0.5)
    decays[:12] *= 2
    w, slots = flat(model.weights), [np.zeros(26) for _ in range(optimizer.n_slots)]
    for t in (1, 2, 3):
        model.weights = stored(model, trainer)
        gradient = flat(model.reference(X, y)[1])
        gradient = reference.clip(gradient, clip_norm) if clip_norm else gradient
        w, slots = reference_step(optimizer, decays)(w, gradient, slots, rates, t)
        trainer.begin_epoch(t, False)
        trainer.run(np.array([0.1]), t - 1, np.inf)
    np.testing.assert_allclose(flat(stored(model, trainer)), w, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("clip_norm", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_within_bounds(double, name, clip_norm):
    """After each step of the reference, weights are moved to the next value within their bounds."""
    optimizer = OPTIMIZERS[name]
    model = double.mlp(3, (4,), Loss("squared_error", (2,)))
    rng = np.random.default_rng(5)
    around = [w + rng.uniform(-0.05, 0.05, w.shape) for w in model.weights[0]]
    sides = [
        np.where(rng.random(w.shape) < 0.3, side * np.inf, w + side * 0.02)
        for side in (-1, 1)
        for w in around
    ]
    plan = model.network.plan
    for k in (0, 1):
        plan.parameters[k] = replace(plan.parameters[k], bounds=(sides[k], sides[2 + k]))
    free = np.full(6, np.inf)
    lower = np.concatenate([sides[0].ravel(), sides[1].ravel(), -free])
    upper = np.concatenate([sides[2].ravel(), sides[3].ravel(), free])
    X, y = double.normal(5, 3), targets(model.loss, 5, "float64")
    options = {"clip_norm": clip_norm, "n_threads": 3, "bounds": model.network.bounds}
    trainer = model.trainer(X, y, optimizer, **options)
    w, slots = flat(model.weights), [np.zeros(26) for _ in range(optimizer.n_slots)]
    n_moved = 0
    for t in (1, 2, 3):
        model.weights = stored(model, trainer)
        gradient = flat(model.reference(X, y)[1])
        gradient = reference.clip(gradient, clip_norm) if clip_norm else gradient
        free, slots = reference_step(optimizer, DECAYS)(w, gradient, slots, 0.1, t)
        w = np.clip(free, lower, upper)
        n_moved += (w != free).sum()
        trainer.begin_epoch(t, False)
        trainer.run(np.array([0.1]), t - 1, np.inf)
    assert n_moved > 0
    np.testing.assert_allclose(flat(stored(model, trainer)), w, rtol=1e-11, atol=1e-13)


def test_factors_of_the_decay(double):
    """Each step has its own; a factor of zero is Adam."""
    X, y = double.normal(6, 2), double.normal(6, 1)
    model = double.mlp(2)
    trainer = model.trainer(X, y, AdamW(weight_decay=0.5), batch_size=2)
    trainer.begin_epoch(0, False)
    rates, factors = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.5, 2.0])
    assert trainer.run(rates, 0, np.inf, factors) == 3
    actual = flat(stored(model, trainer))
    w, slots = flat(model.weights), [np.zeros(3), np.zeros(3)]
    for t in (1, 2, 3):
        model.weights = [w[:2, None]], [w[2:]]
        batch = slice(2 * t - 2, 2 * t)
        gradient = flat(model.reference(X[batch], y[batch])[1])
        decays = factors[t - 1] * np.array([1.0, 1.0, 0.0])
        step = reference_step(AdamW(weight_decay=0.5), decays)
        w, slots = step(w, gradient, slots, rates[t - 1], t)
    np.testing.assert_allclose(actual, w, rtol=1e-11)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_converges_on_a_parabola(tested_engine, name):
    """Least squares of noiseless data: the weights that made it come back."""
    model = tested_engine.mlp(3)
    X = tested_engine.normal(40, 3)
    truth = np.array([[1.0], [-2.0], [0.5]], tested_engine.dtype)
    y = X @ truth + tested_engine.normal(1, 1)
    optimizer = clone(OPTIMIZERS[name])
    optimizer.weight_decay = min(optimizer.weight_decay, 1e-4)
    (coefs, _), losses = model.train(
        X, y, optimizer, epochs=400, rate=RATES.get(name, 0.05), batch_size=20, shuffle=True
    )
    np.testing.assert_allclose(coefs[0], truth, atol=2e-2)
    assert losses[-1] < 1e-3 * losses[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rate_of_zero_changes_nothing(tested_engine, name):
    model = tested_engine.mlp(5, (7,))
    X, y = tested_engine.normal(6, 5), tested_engine.normal(6, 1)
    weights, _ = model.train(X, y, OPTIMIZERS[name], rate=0.0, batch_size=4)
    np.testing.assert_array_equal(flat(weights), flat(model.weights))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_padding_of_parameters_never_moves(tested_engine, name):
    """Layers 1 wide, whose packed rows are mostly padding, stay finite with hardly any ε."""
    optimizer = clone(OPTIMIZERS[name])
    if hasattr(optimizer, "epsilon"):
        optimizer.epsilon = 1e-30
    model = tested_engine.mlp(1, (1, 1))
    X, y = tested_engine.normal(3, 1), tested_engine.normal(3, 1)
    trainer = model.trainer(X, y, optimizer, alpha=0.1)
    run_epochs(trainer, range(50), 0.01)
    assert np.isfinite(flat(stored(model, trainer))).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nan_is_seen(tested_engine, name):
    model = tested_engine.mlp(3, (20,))
    X, y = tested_engine.normal(6, 3), tested_engine.normal(6, 1)
    y[2] = np.nan
    weights, losses = model.train(X, y, OPTIMIZERS[name], epochs=1, batch_size=3)
    assert np.isnan(losses).all()
    assert np.isnan(flat(weights)).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_same_bits_for_any_number_of_threads(tested_engine, name):
    model = tested_engine.mlp(7, (70, 19))
    X, y = tested_engine.normal(90, 7), tested_engine.normal(90, 1)
    one, two, three = (
        model.train(X, y, OPTIMIZERS[name], batch_size=32, n_threads=n, alpha=0.1)[0]
        for n in (1, 2, 3)
    )
    np.testing.assert_array_equal(flat(one), flat(two))
    np.testing.assert_array_equal(flat(one), flat(three))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_goes_on_where_it_stopped(tested_engine, name):
    """Also after steps so many that the momenta of NAdam multiply to nothing."""
    model = tested_engine.mlp(2)
    X, y = tested_engine.normal(6, 2), tested_engine.normal(6, 1)
    whole, first, second = (model.trainer(X, y, OPTIMIZERS[name]) for _ in range(3))
    for epochs in (range(3), range(3, 400)):
        run_epochs(whole, epochs)
    for trainer, epochs in ((first, range(100)), (second, range(100, 400))):
        for epoch in epochs:
            run_epochs(trainer, [epoch])
        if trainer is first:
            second.load(*stored(model, first))
            for k in range(first.n_slots):
                moment = model.network.empty_weights()
                first.store_slot(k, *moment)
                second.load_slot(k, *moment)
    np.testing.assert_array_equal(flat(stored(model, second)), flat(stored(model, whole)))


# ---- Keras --------------------------------------------------------------------------------------
# Its recurrences (keras/src/optimizers of Keras 3). Where its ε stands elsewhere, both are next to nothing.


def keras_adagrad(w, g, slots, rate, t, epsilon=1e-40):
    s = slots[0] + g * g
    return w - rate * g / np.sqrt(s + epsilon), [s]


def keras_rmsprop(w, g, slots, rate, t, rho=0.9, momentum=0.3, epsilon=1e-40):
    s = rho * slots[0] + (1 - rho) * g * g
    v = momentum * slots[1] + rate * g / np.sqrt(s + epsilon)
    return w - v, [s, v]


def keras_adamw(w, g, slots, rate, t, weight_decay=0.1):
    return reference.adam(w - w * weight_decay * rate, g, slots, rate, t, epsilon=1e-20)


def keras_nadam(w, g, slots, rate, t, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    u = [beta_1 * (1 - 0.5 * 0.96**i) for i in range(1, t + 2)]
    m, v = slots[0] + (g - slots[0]) * (1 - beta_1), slots[1] + (g * g - slots[1]) * (1 - beta_2)
    m_hat = u[-1] * m / (1 - np.prod(u)) + (1 - u[-2]) * g / (1 - np.prod(u[:-1]))
    return w - m_hat * rate / (np.sqrt(v / (1 - beta_2**t)) + epsilon), [m, v]


KERAS = {
    "momentum": (SGD(0.9, False), lambda *step: reference.sgd(*step, 0.9, False), 0),
    "adagrad": (Adagrad(1e-20, 0.1), keras_adagrad, 0.1),
    "adadelta": (Adadelta(0.95, 1e-7), lambda *step: reference.adadelta(*step, 0.95, 1e-7), 0),
    "rmsprop": (RMSprop(0.9, 1e-20, 0.3), keras_rmsprop, 0),
    "adam": (Adam(epsilon=1e-7), lambda *step: reference.adam(*step, epsilon=1e-7), 0),
    "adamw": (AdamW(epsilon=1e-20, weight_decay=0.1), keras_adamw, 0),
    "nadam": (NAdam(epsilon=1e-7, momentum_decay=1.0), keras_nadam, 0),
}


@pytest.mark.parametrize("name", KERAS)
def test_steps_of_keras(double, name):
    """Ten steps on a line without a bias that decays; `first` is what its first slot begins at."""
    optimizer, step, first = KERAS[name]
    model = double.mlp(4)
    parameter = model.network.plan.parameters[0]
    model.network.plan.parameters[0] = replace(parameter, biased=False)
    model.weights[1][0][...] = 0
    model.program = model.network.program(model.loss, True)
    X, y = double.normal(9, 4), double.normal(9, 1, seed=1)
    trainer = model.trainer(X, y, optimizer)
    w, slots = model.weights[0][0].copy(), [first, 0]
    for t in range(1, 11):
        w, slots = step(w, X.T @ (X @ w - y) / 9, slots, 0.1, t)
        run_epochs(trainer, [t - 1], 0.1)
        np.testing.assert_allclose(stored(model, trainer)[0][0], w, rtol=1e-8)


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (SGD(momentum=-0.1), "momentum"),
        (SGD(momentum=1.1), "momentum"),
        (SGD(nesterov="no"), "nesterov"),
        (Adam(beta_1=1.0), "beta_1"),
        (Adam(beta_2=-0.5), "beta_2"),
        (Adam(epsilon=0.0), "epsilon"),
        (Adagrad(epsilon=0.0), "epsilon"),
        (Adagrad(initial_accumulator_value=-1.0), "initial_accumulator_value"),
        (Adadelta(rho=1.0), "rho"),
        (Adadelta(epsilon=0.0), "epsilon"),
        (RMSprop(rho=-0.1), "rho"),
        (RMSprop(epsilon=0.0), "epsilon"),
        (RMSprop(momentum=1.1), "momentum"),
        (AdamW(beta_2=1.0), "beta_2"),
        (AdamW(weight_decay=-0.1), "weight_decay"),
        (NAdam(beta_1=1.0), "beta_1"),
        (NAdam(momentum_decay=-1.0), "momentum_decay"),
        (Muon(momentum=1.0), "momentum"),
        (Muon(n_iterations=0), "n_iterations"),
        (Muon(weight_decay=-0.1), "weight_decay"),
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
    kind, n_slots, coefficients, weight_decay = optimizer.lower(module)
    assert kind in module.OPTIMIZERS.values()
    assert n_slots == optimizer.n_slots
    assert all(isinstance(value, float) for value in (*coefficients, weight_decay))
