"""Dropout: masks from counters, their rate and scale, one mask forward and backward."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknn.layers import BatchNorm, Conv2D, Dense, Dropout, MaxPool2D, Residual, SpatialDropout
from sknn.losses import Loss
from sknn.optimizers import SGD
from tests import reference, reference_network
from tests.engine.layered import Layered
from tests.engine.test_gradients import assert_gradient_of_value
from tests.engine.under_test import flat, run_epochs, stored, targets

PLAIN = SGD(momentum=0.0, nesterov=False)


def observed_mask(tested_engine, n, width, rate, *, seed=0, epoch=0, samples=None):
    """The masks, row by row, as a first step of plain SGD writes them into the weights.

    The input is all ones and sample i has an error in output i alone, so column i of the weights,
    zero before, gets what the mask leaves of sample i.
    """
    model = tested_engine.mlp(
        width, loss=Loss("squared_error", (n,)), dropout=rate, mean_gradient=False
    )
    for array in (*model.weights[0], *model.weights[1]):
        array[...] = 0
    X, y = np.ones((n, width), tested_engine.dtype), -n * np.eye(n, dtype=tested_engine.dtype)
    trainer = model.trainer(X, y, PLAIN, seed=seed, samples=samples)
    run_epochs(trainer, [epoch], 1.0, shuffle=False)
    return -stored(model, trainer)[0][0].T


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("width", [1, 17, 64])
def test_masks_are_those_of_the_reference(tested_engine, rate, width):
    for seed, epoch in [(0, 0), (7, 0), (0, 3), (2**63, 5)]:
        salt = tested_engine.mlp(width, dropout=rate).network.plan.ops[0].mask
        mask = reference.dropout_mask(seed, epoch, np.arange(9), salt, width, rate)
        observed = observed_mask(tested_engine, 9, width, rate, seed=seed, epoch=epoch)
        np.testing.assert_allclose(observed, mask, rtol=4 * tested_engine.eps)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.8])
def test_share_of_zeros_and_scale(best, rate):
    mask = observed_mask(best, 100, 500, rate)
    deviation = np.sqrt(rate * (1 - rate) / mask.size)
    assert abs((mask == 0).mean() - rate) < 4 * deviation
    np.testing.assert_allclose(mask[mask != 0], 1 / (1 - rate), rtol=4 * best.eps)
    # no row and no column is out of the ordinary either
    for axis, n in [(1, 500), (0, 100)]:
        shares = (mask == 0).mean(axis=axis)
        assert abs(shares - rate).max() < 5 * np.sqrt(rate * (1 - rate) / n)


def test_masks_are_unrelated(best):
    """Samples, epochs and seeds: masks agree about as often as chance has it."""
    first = observed_mask(best, 20, 400, 0.5) == 0
    others = [
        np.roll(first, 1, axis=0),
        np.roll(first, 1, axis=1),
        observed_mask(best, 20, 400, 0.5, epoch=1) == 0,
        observed_mask(best, 20, 400, 0.5, seed=1) == 0,
    ]
    for other in others:
        assert abs((first == other).mean() - 0.5) < 5 * 0.5 / np.sqrt(first.size)


def test_layers_have_masks_of_their_own(best):
    model = best.mlp(50, (50, 50), dropout=0.5)
    masks = [mask == 0 for mask in model.masks(np.arange(40))]
    for a in range(3):
        for b in range(a):
            assert abs((masks[a] == masks[b]).mean() - 0.5) < 0.06


def test_mask_belongs_to_the_sample_not_to_its_place(best):
    samples = np.array([5, 3, 8, 0])
    mask = observed_mask(best, 9, 33, 0.5)
    np.testing.assert_array_equal(
        observed_mask(best, 9, 33, 0.5, samples=np.r_[samples, 1, 2, 4, 6, 7]), mask
    )


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "identity"])
@pytest.mark.parametrize("dropout", [[0.4, 0.0, 0.0], [0.0, 0.4, 0.6], [0.3, 0.2, 0.5]])
def test_gradient_with_masks(double, activation, dropout, sparse):
    """Against the reference with its masks, and against differences of the value with the same masks."""
    model = double.mlp(
        7, (5, 6), Loss("softmax", (3,)), activations=activation, dropout=dropout, sparse=sparse
    )
    X, y = double.normal(8, 7), targets(model.loss, 8, "float64")
    value, gradient = model.loss_and_gradient(X, y, seed=3)
    expected = model.reference(X, y, masks=model.masks(np.arange(8), seed=3))
    assert value == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(flat(gradient), flat(expected[1]), rtol=1e-9, atol=1e-12)
    assert_gradient_of_value(model, X, y, seed=3)


def test_prediction_has_no_masks(tested_engine):
    dropped = tested_engine.mlp(6, (8, 5), dropout=0.5)
    plain = tested_engine.mlp(6, (8, 5))
    for n in (3, 50):
        X = tested_engine.normal(n, 6)
        np.testing.assert_array_equal(dropped.forward(X), plain.forward(X))


def test_masks_change_from_epoch_to_epoch(tested_engine):
    model = tested_engine.mlp(6, (8,), dropout=0.5)
    trainer = model.trainer(tested_engine.normal(9, 6), tested_engine.normal(9, 1), PLAIN)
    losses = run_epochs(trainer, range(4), 0.0)
    assert len(set(losses)) == 4
    assert run_epochs(trainer, [2, 0], 0.0) == [losses[2], losses[0]]


@given(
    rate=st.floats(1e-6, 1 - 1e-6),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 2**40),
    width=st.integers(1, 40),
)
def test_masks_of_any_key(best, rate, seed, epoch, width):
    salt = best.mlp(width, dropout=rate).network.plan.ops[0].mask
    mask = reference.dropout_mask(seed, epoch, np.arange(3), salt, width, rate)
    observed = observed_mask(best, 3, width, rate, seed=seed, epoch=epoch)
    np.testing.assert_allclose(observed, mask, rtol=1e-6)


@pytest.mark.parametrize("sparse", [False, True])
def test_factors_of_the_rates(tested_engine, sparse):
    """Half of a rate is that rate: the same bits, forward and backward, for any number of threads."""

    def trained(dropout, factor, n_threads=1):
        model = tested_engine.mlp(6, (40, 30), dropout=dropout, sparse=sparse)
        X, y = tested_engine.normal(50, 6), tested_engine.normal(50, 1)
        trainer = model.trainer(X, y, PLAIN, batch_size=20, n_threads=n_threads)
        trainer.begin_epoch(0, True)
        assert trainer.run(np.full(3, 0.1), 0, np.inf, None, np.array(factor)) == 3
        return flat(stored(model, trainer))

    expected = trained(0.25, [1.0, 1.0, 1.0])
    assert (trained(0.5, [1.0, 1.0, 1.0]) != expected).any()
    for n_threads in (1, 2, 3):
        np.testing.assert_array_equal(trained(0.5, [0.5, 0.5, 0.5], n_threads), expected)
    changing = trained(0.5, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(changing, trained(0.5, [0.0, 0.5, 1.0], 3))
    assert (changing != expected).any()


def test_a_factor_of_zero_is_no_dropout(tested_engine):
    layers = [Conv2D(6, 3), SpatialDropout(0.5), Dense(9), Dropout(0.3)]
    with_masks = Layered(tested_engine, layers, (5, 5, 2))
    without = Layered(tested_engine, [layers[0], layers[2]], (5, 5, 2))
    X, y = without.images(8), targets(without.loss, 8, tested_engine.dtype)
    weights = []
    for model, factors in ((with_masks, np.zeros(2)), (without, None)):
        trainer = model.trainer(X, y, PLAIN, batch_size=4)
        trainer.begin_epoch(0, False)
        trainer.run(np.full(2, 0.1), 0, np.inf, None, factors)
        weights.append(flat(stored(model, trainer)))
    np.testing.assert_array_equal(*weights)
    run_epochs(trainer := with_masks.trainer(X, y, PLAIN, batch_size=4), [0], 0.1, shuffle=False)
    assert (flat(stored(with_masks, trainer)) != weights[0]).any()


@pytest.mark.parametrize("factor", [-0.1, 1.1, np.nan])
def test_a_factor_beyond_one_is_refused(best, factor):
    model = best.mlp(3, dropout=0.5)
    trainer = model.trainer(best.normal(4, 3), best.normal(4, 1), PLAIN)
    with pytest.raises(ValueError, match="from 0 to 1"):
        trainer.run(np.ones(1), 0, np.inf, None, np.array([factor]))


# ---- without masks in training, with masks in prediction -----------------------------------------


@pytest.mark.parametrize("sparse", [False, True])
def test_the_gradient_of_the_whole_network(tested_engine, sparse):
    """``dropout=False`` is a network that has no dropout, bit for bit."""
    dropped, plain = (
        tested_engine.mlp(6, (8, 5), Loss("softmax", (3,)), dropout=rate, sparse=sparse)
        for rate in (0.5, 0.0)
    )
    X, y = tested_engine.normal(9, 6), targets(dropped.loss, 9, tested_engine.dtype)
    gradient = dropped.network.empty_weights()
    value = dropped.trainer(X, y).loss_and_gradient(gradient, dropout=False)
    expected, plain_gradient = plain.loss_and_gradient(X, y)
    assert value == expected
    np.testing.assert_array_equal(flat(gradient), flat(plain_gradient))
    assert value != dropped.loss_and_gradient(X, y)[0]


def thinned(model, seed, number):
    """The reference's masks of a draw: of one row, for all of them."""
    key = {"seed": ~seed & (2**64 - 1), "epoch": number}
    return model.masks([0], **key)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("n", [3, 50])  # few rows read the fitted arrays as they are
@pytest.mark.parametrize("dropout", [[0.3, 0.2, 0.5], [0.4, 0.0, 0.0], [0.0, 0.0, 0.4]])
def test_a_draw_is_a_thinned_network(tested_engine, n, dropout, sparse):
    model = tested_engine.mlp(6, (8, 5), activations="tanh", dropout=dropout, sparse=sparse)
    X = tested_engine.normal(n, 6)
    for seed, number in [(0, 0), (7, 3), (2**64 - 1, 99)]:
        masks = thinned(model, seed, number)
        a = X.astype(float)
        for mask, W, b in zip(masks, *model.weights, strict=True):
            z = (a * mask) @ W.astype(float) + b
            a = np.tanh(z)
        np.testing.assert_allclose(
            model.forward(X, draw=(seed, number)),
            z,
            rtol=100 * tested_engine.eps,
            atol=20 * tested_engine.eps,
        )


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2D(6, 3), Dropout(0.4), Dense(7), Dropout(0.5)],
        [SpatialDropout(0.3), Conv2D(6, 3), BatchNorm(), MaxPool2D(2), SpatialDropout(0.5)],
        [Conv2D(4, 3, padding="same"), Residual([Conv2D(4, 3, padding="same"), Dropout(0.4)])],
    ],
    ids=lambda layers: type(layers[-1]).__name__,
)
def test_a_draw_of_any_layers(double, layers):
    model = Layered(double, layers, (6, 7, 3))
    X = model.images(5)
    salts = [op.mask for op in model.network.plan.ops if op.kind == "dropout"]
    walk = ThinnedPass(
        model.weights, statistics=model.statistics, mask_key=(~4 & (2**64 - 1), 2, [0], salts)
    )
    expected, _ = walk.run(model.layers, X)
    np.testing.assert_allclose(model.forward(X, draw=(4, 2)), expected, rtol=1e-11, atol=1e-12)


class ThinnedPass(reference_network.Pass):
    """Prediction with the masks of one row for all rows."""

    def masked(self, spec, x, mask):
        if spec.rate == 0:
            return x, None
        return x * mask((1, *x.shape[1:]), spec.rate, *self.samples_key, next(self.salts)), None


def test_draws_depend_on_no_other_row_and_on_no_thread(tested_engine):
    model = tested_engine.mlp(6, (80, 50), dropout=0.5)
    X = tested_engine.normal(700, 6)
    whole = model.forward(X, draw=(1, 2))
    for n_threads in (2, 3):
        np.testing.assert_array_equal(model.forward(X, n_threads=n_threads, draw=(1, 2)), whole)
    np.testing.assert_array_equal(model.forward(X[100:300], draw=(1, 2)), whole[100:300])
    assert not np.allclose(model.forward(X, draw=(1, 3)), whole)
    assert not np.allclose(model.forward(X, draw=(2, 2)), whole)


def test_draws_are_not_the_masks_of_training(best):
    model = best.mlp(300, (3,), dropout=0.5)
    of_the_draw = thinned(model, 5, 0)[0][0] == 0
    of_the_epoch = model.masks([0], seed=5)[0][0] == 0
    assert abs((of_the_draw == of_the_epoch).mean() - 0.5) < 5 * 0.5 / np.sqrt(300)
