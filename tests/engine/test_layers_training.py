"""Training of networks of any layers: steps, running moments, masks, and bits for any threads."""

import numpy as np
import pytest

from sknn.layers import BatchNorm, Conv2D, Dense, SpatialDropout
from sknn.losses import Loss
from sknn.optimizers import SGD, Adam
from tests import reference, reference_layers
from tests.engine.layer_cases import ALL, DROPOUTS, SMALL, has
from tests.engine.layered import Layered
from tests.engine.test_layers import assert_near, case
from tests.engine.under_test import arrays, flat, run_epochs, stored, targets

NORMED = [name for name, (layers, _) in ALL.items() if has(layers, "BatchNorm")]
PLAIN_STEP = SGD(momentum=0.0, nesterov=False)


def train(model, n, n_threads=1, *, epochs=1, batch_size=16, optimizer=None, **options):
    """Weights with running moments, and the loss of each epoch."""
    X, y = model.images(n), targets(model.loss, n, model.tested_engine.dtype)
    trainer = model.trainer(
        X, y, optimizer or Adam(), batch_size=batch_size, n_threads=n_threads, seed=5, **options
    )
    losses = run_epochs(trainer, range(epochs))
    parts = [stored(model, trainer)]
    moments = model.moments(trainer) if model.statistics[0] else []
    return np.concatenate([flat(parts[0]), *moments]), losses


@pytest.mark.parametrize("name", ALL)
def test_same_bits_for_any_number_of_threads(tested_engine, name):
    """Steps of sixteen samples, sixteen and three."""
    weights, losses = train(case(tested_engine, name), 35)
    assert np.isfinite(weights).all()
    for n_threads in (2, 3):
        other_weights, other_losses = train(case(tested_engine, name), 35, n_threads)
        np.testing.assert_array_equal(other_weights, weights)
        assert other_losses == losses


@pytest.mark.parametrize("name", ["le_net", "everything", "residual_before_norm", "separable"])
@pytest.mark.parametrize(
    "options",
    [{"batch_size": 128}, {"batch_size": 1}, {"clip_norm": 0.05}, {"alpha": 0.5}, {"weighted": 1}],
    ids=lambda options: next(iter(options)) + str(next(iter(options.values()))),
)
def test_same_bits_with_options(tested_engine, name, options):
    """Batches of many lanes and of one image, clipping, decay, weights."""
    options = dict(options)
    n = {128: 150, 1: 5}.get(options.get("batch_size"), 35)
    if options.pop("weighted", 0):
        options["sample_weight"] = np.random.default_rng(1).integers(1, 4, n).astype(float)
    weights, losses = train(case(tested_engine, name), n, **options)
    for n_threads in (2, 3):
        other_weights, other_losses = train(case(tested_engine, name), n, n_threads, **options)
        np.testing.assert_array_equal(other_weights, weights)
        assert other_losses == losses


@pytest.mark.parametrize("name", ["le_net", "everything"])
def test_same_bits_twice(tested_engine, name):
    """Nothing uninitialised takes part."""
    first, second = (train(case(tested_engine, name), 35) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [1, 50, 700])
def test_same_gradient(tested_engine, n, n_threads):
    """More threads than images; more images than a block holds."""
    model = case(tested_engine, "max")
    X, y = model.images(n), targets(model.loss, n, tested_engine.dtype)
    expected, expected_gradient = model.loss_and_gradient(X, y)
    value, gradient = model.loss_and_gradient(X, y, n_threads=n_threads)
    assert value == expected
    np.testing.assert_array_equal(flat(gradient), flat(expected_gradient))


@pytest.mark.parametrize("name", ["max", "separable", "residual_before_norm", "everything"])
def test_large_batch_equals_the_reference(tested_engine, name):
    """Sums over many lanes and blocks."""
    model = case(tested_engine, name)
    X, y = model.images(300), targets(model.loss, 300, tested_engine.dtype)
    value, gradient = model.loss_and_gradient(X, y, n_threads=2)
    expected, expected_gradient, _ = model.reference(X, y)
    assert value == pytest.approx(expected, rel=500 * tested_engine.eps)
    assert_near(flat(gradient), flat(expected_gradient), 500 * tested_engine.eps)


def spread(vector, weights):
    at = 0
    for array in arrays(weights):
        array[...] = vector[at : at + array.size].reshape(array.shape)
        at += array.size


def reference_training(model, X, y, optimizer, step, *, epochs, batch_size, seed, rate=0.01):
    """Whole training in numpy: shuffles, masks, moments and steps."""
    w, slots, t, losses = flat(model.weights), [0.0] * optimizer.n_slots, 0, []
    rates = rate * model.rate_factors()
    for epoch in range(epochs):
        order, total = reference.shuffled(np.arange(len(X)), seed, epoch), 0.0
        for start in range(0, len(X), batch_size):
            batch, t = order[start : start + batch_size], t + 1
            options = {"seed": seed, "epoch": epoch, "samples": batch}
            value, gradient, moments = model.reference(X[batch], y[batch], **options)
            w, slots = step(w, flat(gradient), slots, rates, t, **optimizer.get_params())
            spread(w, model.weights)
            after = model.reference_running(moments, len(batch) / min(batch_size, len(X)))
            model.statistics = after[: len(moments)], after[len(moments) :]
            total += value * len(batch)
        losses.append(total / len(X))
    return np.concatenate([w, *model.statistics[0], *model.statistics[1]]), losses


@pytest.mark.parametrize(
    "name",
    [
        *DROPOUTS,
        *("max", "no_bias", "batch_norm_twice", "batch_norm_without_scale", "everything"),
        *("columns", "columns_with_rates", "residual_of_tables"),
    ],
)
@pytest.mark.parametrize(("optimizer", "step"), [(Adam(), reference.adam), (SGD(), reference.sgd)])
def test_equals_the_reference_from_beginning_to_end(double, name, optimizer, step):
    """Three epochs of shuffled batches, the last of each smaller."""
    options = {"epochs": 3, "batch_size": 5, "seed": 5}
    weights, losses = train(case(double, name), 13, epochs=3, batch_size=5, optimizer=optimizer)
    model = case(double, name)
    X, y = model.images(13), targets(model.loss, 13, "float64")
    expected, expected_losses = reference_training(model, X, y, optimizer, step, **options)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    np.testing.assert_allclose(weights, expected, rtol=1e-6, atol=1e-9)


# ---- batch normalisation ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NORMED)
def test_running_moments(tested_engine, name):
    """After one step those of the reference: a sample of weight two counts twice."""
    model = case(tested_engine, name)
    X, y = model.images(24), targets(model.loss, 24, tested_engine.dtype)
    weights = np.random.default_rng(0).integers(1, 3, 24).astype(float)
    trainer = model.trainer(X, y, PLAIN_STEP, sample_weight=weights, seed=5)
    run_epochs(trainer, [0], 0.0, shuffle=False)
    _, _, moments = model.reference(X, y, sample_weight=weights, seed=5)
    actual, expected = model.moments(trainer), model.reference_running(moments)
    assert_near(np.concatenate(actual), np.concatenate(expected), 200 * tested_engine.eps)


def test_running_moments_are_those_of_the_batches_in_order(double):
    model = case(double, "batch_norm")
    X, y = model.images(22), targets(model.loss, 22, "float64")
    trainer = model.trainer(X, y, PLAIN_STEP, batch_size=8)
    run_epochs(trainer, [0], 0.0, shuffle=False)
    for start in (0, 8, 16):
        batch = slice(start, start + 8)
        after = model.reference_running(model.reference(X[batch], y[batch])[2], len(X[batch]) / 8)
        model.statistics = after[:1], after[1:]
    np.testing.assert_allclose(np.concatenate(model.moments(trainer)), np.concatenate(after))


@pytest.mark.parametrize("name", NORMED)
def test_a_weight_of_two_is_a_repeated_sample(double, name):
    """Loss, gradient and running moments; masks are those of a sample's number, so none here."""
    layers, shape = ALL[name]
    if has(layers, "Dropout") or has(layers, "SpatialDropout"):
        layers = [layer for layer in layers if "Dropout" not in type(layer).__name__]
    model = Layered(double, layers, shape)
    if has(model.layers, "SpatialDropout"):
        return
    X, y, n = model.images(6), targets(model.loss, 6, "float64"), [1, 3, 2, 1, 1, 2]
    results = []
    for data, weights in (
        ((X, y), np.array(n, float)),
        ((np.repeat(X, n, 0), np.repeat(y, n, 0)), None),
    ):
        value, gradient = model.loss_and_gradient(*data, sample_weight=weights, alpha=0.1)
        trainer = model.trainer(*data, PLAIN_STEP, sample_weight=weights)
        run_epochs(trainer, [0], 0.0)
        results.append(np.concatenate([[value], flat(gradient), *model.moments(trainer)]))
    assert_near(*results, 1e-11)


def test_the_scale_of_the_weights_changes_no_moments(double):
    """But for the digits that the unbiased variance of more samples has."""
    model = case(double, "batch_norm_dense")
    X, y, found = model.images(24), targets(model.loss, 24, "float64"), []
    for weights in (None, np.full(24, 1e-3)):
        trainer = model.trainer(X, y, PLAIN_STEP, sample_weight=weights)
        run_epochs(trainer, [0], 0.0)
        found.append(np.concatenate(model.moments(trainer)))
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_a_last_batch_of_one_sample_has_no_variance(double):
    """Behind a dense layer it is a single value of each channel."""
    model = case(double, "batch_norm_dense")
    X, y = model.images(17), targets(model.loss, 17, "float64")
    found = []
    for n in (16, 17):
        trainer = model.trainer(X[:n], y[:n], PLAIN_STEP, batch_size=16)
        run_epochs(trainer, [0], 0.0, shuffle=False)
        found.append(model.moments(trainer))
    (mean, variance), (later_mean, later_variance) = found
    np.testing.assert_array_equal(later_variance, variance)
    assert 0 < abs(later_mean - mean).max() < 0.1 / 16 * 10


def test_scale_that_is_not_trained_stays_as_it_is(tested_engine):
    """Whatever it is; nothing of its state moves either."""
    model = case(tested_engine, "batch_norm_without_scale")
    X, y = model.images(20), targets(model.loss, 20, tested_engine.dtype)
    trainer = model.trainer(X, y, Adam(), batch_size=8)
    run_epochs(trainer, [0, 1])
    np.testing.assert_array_equal(stored(model, trainer)[0][1], model.weights[0][1])
    moment = model.network.empty_weights()
    trainer.store_slot(1, *moment)
    assert not moment[0][1].any()
    assert moment[1][1].all()


def test_best_moments_are_kept_with_the_best_weights(double):
    model = case(double, "batch_norm")
    X, y = model.images(20), targets(model.loss, 20, "float64")
    trainer = model.trainer(X, y, Adam(), batch_size=8)
    run_epochs(trainer, [0])
    expected = model.moments(trainer)
    trainer.keep_best()
    run_epochs(trainer, [1])
    best = [[np.empty_like(array) for array in part] for part in model.statistics]
    trainer.store_statistics(*best, best=True)
    np.testing.assert_array_equal([*best[0], *best[1]], expected)
    assert (model.moments(trainer)[0] != expected[0]).all()


def test_prediction_takes_the_running_moments(tested_engine):
    """They, and not those of the rows beside."""
    model = case(tested_engine, "batch_norm")
    X = model.images(9)
    before = model.forward(X)
    model.statistics[0][0][...] += 1
    after = model.forward(X)
    assert (before != after).any()
    assert_near(after, model.reference_outputs(X)[-1], 200 * tested_engine.eps)
    np.testing.assert_array_equal(model.forward(X[:1]), after[:1])


def test_a_constant_channel_is_normalised_to_zero(tested_engine):
    """Its variance is zero; nothing is divided by it."""
    layers = [BatchNorm(), Conv2D(4, 2, activation="identity")]
    model = Layered(tested_engine, layers, (4, 4, 2))
    X, y = model.images(10), targets(model.loss, 10, tested_engine.dtype)
    X[..., 1] = 3.7
    value, gradient = model.loss_and_gradient(X, y)
    expected, expected_gradient, _ = model.reference(X, y)
    assert value == pytest.approx(expected, rel=500 * tested_engine.eps)
    assert_near(flat(gradient), flat(expected_gradient), 2e4 * tested_engine.eps)


def test_moments_of_values_far_from_zero(tested_engine):
    """The variance is no difference of two large numbers."""
    model = Layered(tested_engine, [BatchNorm()], (6, 6, 2))
    X, y = model.images(40) + 300, targets(model.loss, 40, tested_engine.dtype)
    trainer = model.trainer(X, y, PLAIN_STEP)
    run_epochs(trainer, [0], 0.0)
    _, _, moments = model.reference(X, y)
    actual, expected = model.moments(trainer), model.reference_running(moments)
    np.testing.assert_allclose(actual[1], expected[1], rtol=2e3 * tested_engine.eps)


# ---- masks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("channels", [1, 17, 64])
def test_spatial_masks_are_those_of_the_reference(tested_engine, channels, rate):
    """As the first step of plain SGD writes them into the weights of a dense layer.

    The images are all ones and image i has an error in output i alone, so column i of the weights,
    zero before, gets what the mask leaves of image i.
    """
    n = 9
    loss = Loss("squared_error", (n,))
    model = Layered(
        tested_engine, [SpatialDropout(rate)], (2, 3, channels), loss, mean_gradient=False
    )
    for array in arrays(model.weights):
        array[...] = 0
    X, y = (
        np.ones((n, 2, 3, channels), tested_engine.dtype),
        -n * np.eye(n, dtype=tested_engine.dtype),
    )
    trainer = model.trainer(X, y, PLAIN_STEP, seed=7)
    run_epochs(trainer, [3], 1.0, shuffle=False)
    observed = -stored(model, trainer)[0][0].T.reshape(n, 2, 3, channels)
    salt = next(op.mask for op in model.network.plan.ops if op.drop_rate > 0)
    mask = reference_layers.spatial_dropout_mask(X.shape, rate, 7, 3, np.arange(n), salt)
    expected = np.broadcast_to(mask, X.shape)
    np.testing.assert_allclose(observed, expected, rtol=4 * tested_engine.eps)


@pytest.mark.parametrize("name", DROPOUTS)
def test_masks_change_from_epoch_to_epoch(tested_engine, name):
    model = case(tested_engine, name)
    X, y = model.images(9), targets(model.loss, 9, tested_engine.dtype)
    trainer = model.trainer(X, y, PLAIN_STEP)
    losses = run_epochs(trainer, range(4), 0.0)
    assert len(set(losses)) == 4
    assert run_epochs(trainer, [2, 0], 0.0) == [losses[2], losses[0]]


def test_training_learns(tested_engine):
    """The brighter half of an image, by its place."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 8, 8, 1)).astype(tested_engine.dtype)
    y = rng.integers(0, 2, (200, 1)).astype(np.int32)
    X[y[:, 0] == 1, :4] += 1
    layers = [Conv2D(8, 3), BatchNorm(), Conv2D(8, 3, strides=2), Dense(16)]
    model = Layered(tested_engine, layers, (8, 8, 1), Loss("softmax", (2,)))
    _, losses = model.train(X, y, Adam(), epochs=10, batch_size=20)
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("name", SMALL)
def test_weights_are_stored_as_they_were_loaded(tested_engine, name):
    model = case(tested_engine, name)
    X, y = model.images(4), targets(model.loss, 4, tested_engine.dtype)
    trainer = model.trainer(X, y, Adam())
    np.testing.assert_array_equal(flat(stored(model, trainer)), flat(model.weights))
