"""The Trainer: batches and blocks, shuffles, decay, clipping, weights of zero, going on, errors."""

import numpy as np
import pytest

from sknn.losses import Loss
from sknn.optimizers import SGD, Adam
from tests import reference
from tests.engine.under_test import LOSSES, flat, run_epochs, stored, targets

PLAIN = SGD(momentum=0.0, nesterov=False)
MANY = 2100  # more rows than two blocks hold


def problem(tested_engine, n=20, loss=LOSSES["softmax"], n_features=6, hidden=(7,), **options):
    model = tested_engine.mlp(n_features, hidden, loss, **options)
    return model, tested_engine.normal(n, n_features), targets(loss, n, tested_engine.dtype)


def reference_training(
    model, X, y, optimizer, step, *, epochs, batch_size, seed, alpha=0.0, clip_norm=0.0
):
    """Whole training in numpy: shuffles, masks, batches, decay, clipping and steps."""
    w, slots, t, losses = flat(model.weights), [0.0] * optimizer.n_slots, 0, []
    for epoch in range(epochs):
        order, total = reference.shuffled(np.arange(len(X)), seed, epoch), 0.0
        for start in range(0, len(X), batch_size):
            batch, t = order[start : start + batch_size], t + 1
            masks = model.masks(batch, seed, epoch)
            value, gradient = model.reference(X[batch], y[batch], alpha=alpha, masks=masks)
            g = flat(gradient) if clip_norm == 0 else reference.clip(flat(gradient), clip_norm)
            w, slots = step(w, g, slots, 0.01, t, **optimizer.get_params())
            spread(w, model.weights)
            total += value * len(batch)
        losses.append(total / len(X))
    return w, losses


def spread(vector, weights):
    at = 0
    for array in (*weights[0], *weights[1]):
        array[...] = vector[at : at + array.size].reshape(array.shape)
        at += array.size


@pytest.mark.parametrize("options", [{}, {"alpha": 0.7}, {"clip_norm": 0.05}])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize(("optimizer", "step"), [(Adam(), reference.adam), (SGD(), reference.sgd)])
def test_equals_the_reference_from_beginning_to_end(double, optimizer, step, dropout, options):
    """Three epochs of shuffled batches, the last of each smaller."""
    model, X, y = problem(double, 23, dropout=dropout)
    options = {"epochs": 3, "batch_size": 5, "seed": 11, **options}
    weights, losses = model.train(X, y, optimizer, **options)
    expected, expected_losses = reference_training(model, X, y, optimizer, step, **options)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-10)
    np.testing.assert_allclose(flat(weights), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("loss", [LOSSES["softmax"], LOSSES["squared_error_outputs"]])
def test_several_blocks_are_one_batch(tested_engine, loss):
    model, X, y = problem(tested_engine, MANY, loss)
    weights = np.random.default_rng(0).random(MANY)
    value, gradient = model.loss_and_gradient(X, y, sample_weight=weights, alpha=0.5)
    weights = weights.astype(tested_engine.dtype).astype(float)
    expected, expected_gradient = model.reference(X, y, sample_weight=weights, alpha=0.5)
    assert value == pytest.approx(expected, rel=1e-6)
    tolerance = 100 * tested_engine.eps
    np.testing.assert_allclose(flat(gradient), flat(expected_gradient), atol=tolerance)


def test_a_step_of_several_blocks(tested_engine):
    """The update waits for the last block."""
    model, X, y = problem(tested_engine, MANY)
    expected = flat(model.weights) - 0.5 * flat(model.reference(X, y)[1])
    weights, _ = model.train(X, y, PLAIN, epochs=1, rate=0.5)
    np.testing.assert_allclose(flat(weights), expected, atol=200 * tested_engine.eps)


@pytest.mark.parametrize("batch_size", [1, 2, 16, 19, 20, 21, 1000])
def test_number_of_steps(tested_engine, batch_size):
    model, X, y = problem(tested_engine)
    trainer = model.trainer(X, y, PLAIN, batch_size=batch_size)
    assert trainer.n_steps == -(-20 // batch_size)
    assert trainer.n_samples == 20
    run_epochs(trainer, range(2))


@pytest.mark.parametrize(
    ("n", "n_features", "hidden", "loss"),
    [
        (1, 1, (), LOSSES["squared_error"]),
        (1, 1, (1,), LOSSES["binary"]),
        (3, 1, (129,), LOSSES["softmax_one_class"]),
        (2, 129, (1,), LOSSES["softmax_groups"]),
    ],
)
def test_one_of_everything(tested_engine, n, n_features, hidden, loss):
    model, X, y = problem(tested_engine, n, loss, n_features, hidden)
    for batch_size in (1, 5):
        weights, losses = model.train(X, y, Adam(), epochs=3, batch_size=batch_size)
        assert np.isfinite(flat(weights)).all()
        assert np.isfinite(losses).all()


# ---- order --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 5, 17])
def test_shuffle_is_the_references(double, n):
    """With batches of one and a rate of 1, the last row seen is what the bias ends at."""
    model = double.mlp(1)
    X, y = np.zeros((n, 1)), np.arange(float(n))[:, None]
    trainer = model.trainer(X, y, PLAIN, batch_size=1, seed=3)
    for epoch in range(6):
        run_epochs(trainer, [epoch], rate=1.0)
        assert stored(model, trainer)[1][0][0] == reference.shuffled(np.arange(n), 3, epoch)[-1]
        run_epochs(trainer, [epoch], rate=1.0, shuffle=False)
        assert stored(model, trainer)[1][0][0] == n - 1


def test_shuffle_is_fair():
    """Every sample comes to every place about equally often."""
    n, epochs = 6, 3000
    counts = np.zeros((n, n))
    for epoch in range(epochs):
        counts[np.arange(n), reference.shuffled(np.arange(n), 1, epoch)] += 1
    assert abs(counts - epochs / n).max() < 5 * np.sqrt(epochs / n)


def test_an_epoch_does_not_depend_on_those_before(tested_engine):
    model, X, y = problem(tested_engine, dropout=0.3)
    first = model.trainer(X, y, PLAIN, batch_size=6)
    second = model.trainer(X, y, PLAIN, batch_size=6)
    run_epochs(first, range(5), rate=0.0)
    assert run_epochs(first, [7], rate=0.0) == run_epochs(second, [7], rate=0.0)


def test_samples_select_rows(double):
    """Rows that are not among the samples are never read."""
    model, X, y = problem(double)
    kept = np.array([3, 4, 9, 15])
    expected = model.loss_and_gradient(X[kept], y[kept])
    X[np.setdiff1d(np.arange(20), kept)] = np.nan
    value, gradient = model.loss_and_gradient(X, y, samples=kept)
    assert value == expected[0]
    np.testing.assert_array_equal(flat(gradient), flat(expected[1]))


# ---- weights, decay, clipping -------------------------------------------------------------------


def test_weight_two_is_the_row_twice_in_training(double):
    model, X, y = problem(double)
    counts = np.random.default_rng(2).integers(0, 4, 20)
    weights, losses = model.train(X, y, Adam(), epochs=5, sample_weight=counts, alpha=0.1)
    samples = np.repeat(np.arange(20), counts)
    repeated, repeated_losses = model.train(X, y, Adam(), epochs=5, samples=samples, alpha=0.1)
    np.testing.assert_allclose(losses, repeated_losses, rtol=1e-12)
    np.testing.assert_allclose(flat(weights), flat(repeated), rtol=1e-7, atol=1e-10)


def test_weight_of_zero_hides_a_row(tested_engine):
    model, X, y = problem(tested_engine)
    counts = np.ones(20)
    counts[[0, 7]] = 0
    first, _ = model.train(X, y, PLAIN, sample_weight=counts)
    X[[0, 7]] = 5.0
    second, _ = model.train(X, y, PLAIN, sample_weight=counts)
    np.testing.assert_array_equal(flat(first), flat(second))


def test_batch_of_weight_zero_changes_nothing(tested_engine):
    model, X, y = problem(tested_engine)
    options = {"epochs": 1, "sample_weight": np.zeros(20), "batch_size": 8, "alpha": 0.1}
    for clip_norm in (0.0, 1.0):
        weights, losses = model.train(X, y, PLAIN, clip_norm=clip_norm, **options)
        np.testing.assert_array_equal(flat(weights), flat(model.weights))
        assert losses == [0.0]


def test_decay_spares_the_biases(double):
    """With targets that the network already gives, decay alone acts: on weights, by alpha / n."""
    model = double.mlp(3, (4,))
    X = double.normal(10, 3)
    y = model.forward(X)
    _, gradient = model.loss_and_gradient(X, y, alpha=0.5)
    for W, dW in zip(model.weights[0], gradient[0], strict=True):
        np.testing.assert_allclose(dW, 0.5 / 10 * W, rtol=1e-12, atol=1e-15)
    for db in gradient[1]:
        np.testing.assert_allclose(db, 0, atol=1e-15)


@pytest.mark.parametrize("n", [20, MANY])
def test_clipping_bounds_the_norm_of_the_step(tested_engine, n):
    model, X, y = problem(tested_engine, n)
    gradient = flat(model.reference(X, y, alpha=0.3)[1])
    for clip_norm in (1e-3, 0.1, 1e6):
        weights, _ = model.train(X, y, PLAIN, epochs=1, rate=1.0, clip_norm=clip_norm, alpha=0.3)
        step = flat(model.weights).astype(float) - flat(weights)
        np.testing.assert_allclose(
            step, reference.clip(gradient, clip_norm), atol=50 * tested_engine.eps
        )


def test_a_norm_never_reached_changes_no_bit(tested_engine):
    model, X, y = problem(tested_engine)
    plain, _ = model.train(X, y, Adam(), batch_size=8)
    clipped, _ = model.train(X, y, Adam(), batch_size=8, clip_norm=1e30)
    np.testing.assert_array_equal(flat(plain), flat(clipped))


# ---- divergence, going on, errors ---------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "identity", "gelu"])
@pytest.mark.parametrize("optimizer", [PLAIN, SGD()])
def test_divergence_is_noticed(tested_engine, activation, optimizer):
    """A rate far too large: the loss ends at NaN or infinity, not at a number."""
    model = tested_engine.mlp(5, (16,), activations=activation)
    X, y = 100 * tested_engine.normal(30, 5), 100 * tested_engine.normal(30, 1)
    _, losses = model.train(X, y, optimizer, epochs=60, rate=100.0, batch_size=10)
    assert not np.isfinite(losses[-1])


def test_nan_in_one_sample_is_noticed(tested_engine):
    model, X, y = problem(tested_engine)
    X[13, 2] = np.nan
    _, losses = model.train(X, y, Adam(), epochs=1, batch_size=6)
    assert np.isnan(losses[0])


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_goes_on_where_it_stopped(tested_engine, optimizer):
    """Weights and moments stored and loaded: the same bits as without a pause."""
    model, X, y = problem(tested_engine, dropout=0.2)
    options = {"batch_size": 6, "seed": 4, "alpha": 0.1}
    whole = model.trainer(X, y, optimizer, **options)
    run_epochs(whole, range(5))
    first = model.trainer(X, y, optimizer, **options)
    run_epochs(first, range(2))
    second = model.trainer(X, y, optimizer, **options)
    second.load(*stored(model, first))
    for k in range(first.n_slots):
        moment = model.network.empty_weights()
        first.store_slot(k, *moment)
        second.load_slot(k, *moment)
    run_epochs(second, range(2, 5))
    np.testing.assert_array_equal(flat(stored(model, second)), flat(stored(model, whole)))


def test_best_weights(tested_engine):
    model, X, y = problem(tested_engine)
    trainer = model.trainer(X, y, Adam(), batch_size=6)
    assert not trainer.has_best
    run_epochs(trainer, range(2))
    trainer.keep_best()
    best = flat(stored(model, trainer))
    run_epochs(trainer, range(2, 4))
    assert trainer.has_best
    np.testing.assert_array_equal(flat(stored(model, trainer, best=True)), best)
    assert not np.array_equal(flat(stored(model, trainer)), best)


@pytest.mark.parametrize("n", [20, 1000])
def test_input_of_the_other_dtype(tested_engine, n):
    """Converted as it is gathered: the same bits as converted before."""
    other = "float64" if tested_engine.dtype == "float32" else "float32"
    model, X, y = problem(tested_engine, n)
    X = X.astype(other)
    first, _ = model.train(X, y, Adam(), batch_size=64)
    second, _ = model.train(X.astype(tested_engine.dtype), y, Adam(), batch_size=64)
    np.testing.assert_array_equal(flat(first), flat(second))


def test_read_only_data(tested_engine):
    model, X, y = problem(tested_engine)
    weights = np.ones(20, tested_engine.dtype)
    expected, _ = model.train(X, y, Adam(), sample_weight=weights)
    for array in (X, y, weights):
        array.flags.writeable = False
    actual, _ = model.train(X, y, Adam(), sample_weight=weights)
    np.testing.assert_array_equal(flat(actual), flat(expected))


def test_data_outlives_its_names(tested_engine):
    """The Trainer keeps what it points into."""
    model, X, y = problem(tested_engine)
    expected, _ = model.train(X, y, Adam())
    trainer = model.trainer(X.copy(), y.copy(), Adam(), sample_weight=np.ones(20))
    run_epochs(trainer, range(2))
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(expected))


def test_wrong_shapes_of_weights(tested_engine):
    model, X, y = problem(tested_engine)
    trainer = model.trainer(X, y, Adam())
    coefs, intercepts = model.weights
    for wrong in ((coefs[:1], intercepts), (coefs[::-1], intercepts), (coefs, intercepts[::-1])):
        for method in (trainer.load, trainer.store, lambda *w: trainer.load_slot(0, *w)):
            with pytest.raises(ValueError, match="layer"):
                method(*wrong)


def test_wrong_data(tested_engine):
    model, X, y = problem(tested_engine)
    for wrong in (
        {"X": X[:, :5].copy()},
        {"y": y[:19]},
        {"y": np.hstack([y, y])},
        {"y": y + 3},
        {"y": y.astype(float)},
        {"samples": [0, 20]},
        {"samples": [-1]},
        {"samples": []},
        {"sample_weight": np.ones(19)},
    ):
        with pytest.raises(ValueError):
            model.trainer(**{"X": X, "y": y, **wrong}, batch_size=5)


def test_wrong_number_of_rates(tested_engine):
    model, X, y = problem(tested_engine)
    trainer = model.trainer(X, y, Adam(), batch_size=6)
    trainer.begin_epoch(0, True)
    for n in (0, 3, 5):
        for wrong in range(3):
            lengths = [n if k == wrong else 4 for k in range(3)]
            rates, *factors = map(np.ones, lengths)
            with pytest.raises(ValueError, match=r"one learning rate \(and factor\) for each step"):
                trainer.run(rates, 0, np.inf, *factors)


def test_loss_of_an_epoch_is_the_mean_over_rows(double):
    """Weighted by the rows of each batch, as in scikit-learn."""
    model, X, y = problem(double, 23, Loss("squared_error", (1,)))
    _, (loss,) = model.train(X, y, PLAIN, epochs=1, rate=0.0, batch_size=5, alpha=0.0)
    assert loss == pytest.approx(model.loss_and_gradient(X, y)[0], rel=1e-13)
