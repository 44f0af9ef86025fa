"""Augmentation in the engine: every view is the reference's, on every instruction set and any thread."""

import numpy as np
import pytest

from sknn.augmentation import Augmentation
from sknn.layers import BatchNorm, Conv2D, Dense, MaxPool2D
from sknn.optimizers import SGD, Adam
from tests import reference_augmentation as reference
from tests.engine.layered import Layered
from tests.engine.under_test import SQUARED, arrays, flat, run_epochs, stored, targets

CASES = {
    "flip": Augmentation(horizontal_flip=True),
    "alternate": Augmentation(horizontal_flip="alternate"),
    "shift": Augmentation(shift=2),
    "shift_reflect": Augmentation(shift=3, padding_mode="reflect"),
    "flip_and_shift": Augmentation(horizontal_flip=True, shift=1),
    "cutout": Augmentation(cutout=3),
    "rotation": Augmentation(rotation=30),
    "any_rotation_reflect": Augmentation(rotation=180, padding_mode="reflect"),
    "scaling": Augmentation(scaling=0.4),
    "everything": Augmentation(
        "alternate", 2, cutout=2, rotation=45, scaling=0.9, padding_mode="reflect"
    ),
    "everything_zero": Augmentation(True, 1, cutout=4, rotation=20, scaling=0.2),
}
MOVES = ("flip", "alternate", "shift", "shift_reflect", "flip_and_shift", "cutout")  # whole pixels
SHAPES = [(7, 5, 1), (6, 8, 3), (1, 9, 1), (9, 1, 3), (5, 5, 17)]
KINDS = ["uint8", "float32", "float64"]


def images(shape, n=6, kind="float64"):
    """Bytes without a zero, so that a hole is one; of any type."""
    return np.random.default_rng(0).integers(1, 256, (n, *shape)).astype(kind)


def standard(model):
    """Scale and shift of every channel."""
    rng, c = np.random.default_rng(1), model.input_shape[-1]
    return {
        "scale": (0.5 + rng.random(c)).astype(model.tested_engine.dtype) / 256,
        "shift": rng.standard_normal(c).astype(model.tested_engine.dtype),
    }


def with_rows(model, **options):
    """The model, its rows gathered with these options."""
    model.rows = lambda X: Layered.rows(model, X, **options)
    return model


def linear(tested_engine, shape, **options):
    """One linear unit without weights: a step of rate 1 to the target -1 makes them minus its input."""
    model = with_rows(Layered(tested_engine, [], shape, SQUARED), **options)
    for array in arrays(model.weights):
        array[...] = 0
    return model


def views(model, augmentation, X, epoch=0, seed=5, samples=None):
    """What the engine makes of samples (all by default), one by one, each of the shape of the input."""
    y = np.full((len(X), 1), -1, model.tested_engine.dtype)
    found = []
    for sample in range(len(X)) if samples is None else samples:
        trainer = model.trainer(
            X,
            y,
            SGD(momentum=0.0),
            samples=[sample],
            seed=seed,
            augmentation=augmentation.lower(model.input_shape),
        )
        run_epochs(trainer, [epoch], rate=1.0)
        found.append(-stored(model, trainer)[0][0].reshape(model.input_shape))
    return np.stack(found)


def test_what_a_linear_unit_learns_is_what_it_sees(tested_engine):
    """The instrument of this file, without augmentation."""
    X = images((7, 5, 3), kind=tested_engine.dtype)
    np.testing.assert_array_equal(views(linear(tested_engine, (7, 5, 3)), Augmentation(), X), X)


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize("case", CASES)
def test_views(tested_engine, case, shape):
    X, model = images(shape, kind=tested_engine.dtype), linear(tested_engine, shape)
    for epoch in (0, 1):
        actual = views(model, CASES[case], X, epoch)
        expected = reference.views(CASES[case], X, 5, epoch)
        if case in MOVES:
            np.testing.assert_array_equal(actual, expected)
        else:
            np.testing.assert_allclose(actual, expected, atol=255 * 8 * tested_engine.eps)


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ["everything", "everything_zero", "shift", "cutout"])
def test_views_of_scaled_rows(tested_engine, case, kind, channels_first):
    """What comes from outside is a stored zero and is scaled; a hole is not."""
    shape = (6, 7, 3)
    X, model = images(shape, kind=kind), linear(tested_engine, shape)
    options = standard(model)
    expected = reference.views(CASES[case], X, 5, 1, **options)
    with_rows(model, channels_first=3 * channels_first, **options)
    stored_as = np.ascontiguousarray(X.transpose(0, 3, 1, 2)) if channels_first else X
    actual = views(model, CASES[case], stored_as, 1)
    np.testing.assert_allclose(actual, expected, atol=32 * tested_engine.eps)
    np.testing.assert_array_equal(actual == 0, expected == 0)


@pytest.mark.parametrize("first", [Dense(6), Conv2D(5, 2)], ids=["dense", "convolution"])
def test_gradients_are_those_of_the_views(tested_engine, first):
    shape, n = (6, 7, 3), 30
    model = Layered(tested_engine, [first], shape, activation="tanh")
    X, y = images(shape, n, "uint8"), targets(model.loss, n, tested_engine.dtype)
    options = standard(model)
    seen = reference.views(CASES["everything"], X, 3, 0, **options).astype(tested_engine.dtype)
    expected, expected_gradient = model.loss_and_gradient(seen, y)
    with_rows(model, **options)
    trainer = model.trainer(X, y, seed=3, augmentation=CASES["everything"].lower(shape))
    trainer.begin_epoch(0, False)
    gradient = model.network.empty_weights()
    value = trainer.loss_and_gradient(gradient)
    assert value == pytest.approx(expected, rel=100 * tested_engine.eps)
    np.testing.assert_allclose(
        flat(gradient), flat(expected_gradient), atol=1000 * tested_engine.eps
    )


# ---- draws --------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_views(best):
    X, model = images((6, 7, 3), kind="float32"), linear(best, (6, 7, 3))
    once = views(model, CASES["everything"], X)
    np.testing.assert_array_equal(views(model, CASES["everything"], X), once)
    for other in ({"seed": 6}, {"epoch": 1}):
        changed = views(model, CASES["everything"], X, **other)
        assert (changed != once).any(axis=(1, 2, 3)).all()


def test_views_belong_to_samples_and_not_to_their_order(best):
    X, model = images((6, 7, 3), kind="float32"), linear(best, (6, 7, 3))
    once = views(model, CASES["everything"], X)
    np.testing.assert_array_equal(
        views(model, CASES["everything"], X, samples=[4, 0]), once[[4, 0]]
    )


def test_alternating_flips_show_both_sides_in_any_two_epochs(best):
    X, model = images((3, 4, 1), 200, "float32"), linear(best, (3, 4, 1))
    seen = [views(model, CASES["alternate"], X, epoch) for epoch in range(3)]
    as_it_is = [(epoch == X).all(axis=(1, 2, 3)) for epoch in seen]
    np.testing.assert_array_equal(seen[1], seen[0][:, :, ::-1])
    np.testing.assert_array_equal(seen[2], seen[0])
    assert 0.35 < as_it_is[0].mean() < 0.65
    by_chance = [views(model, CASES["flip"], X, epoch) == X for epoch in range(2)]
    same = [epoch.all(axis=(1, 2, 3)) for epoch in by_chance]
    assert 0.35 < (same[0] == same[1]).mean() < 0.65


def test_draws_fill_their_ranges_evenly():
    """Of the reference, which the engine equals: 6 standard deviations of a uniform sample."""
    drawn = reference.draws(2, 0, np.arange(20_000))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=6 / np.sqrt(12 * 20_000))
    between = np.corrcoef(np.column_stack([drawn, reference.draws(2, 1, np.arange(20_000))]).T)
    np.testing.assert_allclose(between, np.eye(14), atol=6 / np.sqrt(20_000))


# ---- training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["everything", "everything_zero"])
@pytest.mark.parametrize("batch_size", [8, 64])
def test_same_bits_for_any_number_of_threads(tested_engine, case, batch_size):
    layers = [Conv2D(7, 3), MaxPool2D(2), BatchNorm(), Dense(9)]
    model = Layered(tested_engine, layers, (8, 7, 3))
    X, y = images((8, 7, 3), 50, "uint8"), targets(model.loss, 50, tested_engine.dtype)
    with_rows(model, **standard(model))
    weights, losses = trained(model, X, y, CASES[case], batch_size, 1)
    assert np.isfinite(weights).all()
    assert len(set(losses)) == 3
    for n_threads in (2, 3):
        other, other_losses = trained(model, X, y, CASES[case], batch_size, n_threads)
        np.testing.assert_array_equal(other, weights)
        assert other_losses == losses


def trained(model, X, y, augmentation, batch_size, n_threads):
    options = {"batch_size": batch_size, "n_threads": n_threads, "seed": 2}
    lowered = augmentation.lower(model.input_shape)
    trainer = model.trainer(X, y, Adam(), augmentation=lowered, **options)
    losses = run_epochs(trainer, range(3))
    return flat(stored(model, trainer)), losses


def test_images_of_another_size(tested_engine):
    model = linear(tested_engine, (6, 7, 3))
    with pytest.raises(ValueError, match="images of 6 x 7 x 1 values in rows of 126"):
        model.trainer(
            images((6, 7, 3)),
            np.zeros((6, 1), tested_engine.dtype),
            SGD(),
            augmentation=Augmentation(shift=1).lower((6, 7, 1)),
        )
