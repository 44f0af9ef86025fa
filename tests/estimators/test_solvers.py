"""Every optimizer in every estimator: what its name means, that it learns, that it goes on."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from sknn.optimizers import SGD, SOLVERS, Adadelta, Adagrad, Adam, AdamW, Muon, NAdam, RMSprop
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    NUMBERS,
    X_NUMBERS,
    X,
    Y,
    classifier,
    cnn,
    cnn_regressor,
    regressor,
    same_bits,
    weights_of,
)

# what the name means with the default parameters, and with these
OTHER = {
    "momentum": 0.5,
    "nesterovs_momentum": False,
    "beta_1": 0.5,
    "beta_2": 0.9,
    "epsilon": 1e-3,
}
MEANINGS = {
    "sgd": (SGD(), SGD(0.5, nesterov=False)),
    "momentum": (SGD(nesterov=False), SGD(0.5, nesterov=False)),
    "nesterov": (SGD(), SGD(0.5)),
    "adagrad": (Adagrad(), Adagrad()),
    "adadelta": (Adadelta(), Adadelta()),
    "rmsprop": (RMSprop(), RMSprop()),
    "adam": (Adam(), Adam(0.5, 0.9, 1e-3)),
    "adamw": (AdamW(), AdamW(0.5, 0.9, 1e-3)),
    "nadam": (NAdam(), NAdam(0.5, 0.9, 1e-3)),
    "muon": (Muon(), Muon(beta_1=0.5, beta_2=0.9, epsilon=1e-3)),
}
#: learning rates, others 0.01
RATES = {"adadelta": 1.0, "adagrad": 0.1, "sgd": 0.1, "momentum": 0.1, "nesterov": 0.1}
INSTANCES = [*SOLVERS, RMSprop(momentum=0.9), NAdam(momentum_decay=1.0), Muon(momentum=0.5)]


@pytest.mark.parametrize("name", SOLVERS)
def test_what_a_name_means(name):
    plain, other = MEANINGS[name]
    assert same_bits(*(classifier(solver=solver).fit(X, Y) for solver in (name, plain)))
    named = classifier(solver=name, **OTHER).fit(X, Y)
    assert same_bits(named, classifier(solver=other).fit(X, Y))


def test_names_differ():
    fits = {name: weights_of(classifier(solver=name).fit(X, Y)) for name in SOLVERS}
    assert np.array_equal(fits["sgd"], fits["nesterov"])
    assert len({weights.tobytes() for weights in fits.values()}) == len(SOLVERS) - 1


@pytest.mark.parametrize("name", SOLVERS)
def test_learns(name):
    net = classifier(
        solver=name, learning_rate_init=RATES.get(name, 0.01), max_iter=60, batch_size=20
    )
    assert net.fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize(
    ("make", "data"),
    [
        (classifier, (X, Y)),
        (regressor, (X_NUMBERS, NUMBERS)),
        (cnn, (IMAGES, DIGITS)),
        (cnn_regressor, (IMAGES, DIGITS / 10)),
    ],
    ids=["classifier", "regressor", "cnn", "cnn_regressor"],
)
def test_every_estimator_takes_it(make, data, name):
    """With a penalty, clipping, a schedule and a warm-up; the loss falls."""
    net = make(
        solver=name,
        learning_rate_init=RATES.get(name, 0.01) / 10,
        learning_rate="cosine",
        warmup=0.1,
        alpha=0.01,
        clip_norm=1.0,
        max_iter=8,
        batch_size=16,
    ).fit(*data)
    assert net.loss_curve_[-1] < net.loss_curve_[0]


@pytest.mark.parametrize("name", SOLVERS)
def test_sparse_is_dense(name):
    dense = classifier(solver=name, batch_size=40).fit(X, Y)
    sparse = classifier(solver=name, batch_size=40).fit(sp.csr_array(X), Y)
    np.testing.assert_allclose(weights_of(sparse), weights_of(dense), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("solver", INSTANCES, ids=str)
def test_pieces_are_the_whole(solver):
    """Through pickles, too."""
    whole = classifier(solver=solver, batch_size=40).fit(X, Y)
    pieces = classifier(solver=solver, batch_size=40)
    for _ in range(5):
        pieces = pickle.loads(pickle.dumps(pieces.partial_fit(X, Y, classes=[0, 1, 2])))
    assert same_bits(whole, pieces)


@pytest.mark.parametrize("solver", INSTANCES, ids=str)
def test_another_optimizer_starts_with_moments_of_its_own(solver):
    """Adam has moments, too, as many as most of the others; they are not taken for theirs."""
    before = classifier(solver=Adam(0.4), batch_size=40).partial_fit(X, Y, classes=[0, 1, 2])
    after = clone(before).partial_fit(X, Y, classes=[0, 1, 2]).set_params(solver=solver)
    after.partial_fit(X, Y)
    assert np.isfinite(weights_of(after)).all()
    fresh = pickle.loads(pickle.dumps(before)).set_params(solver=solver)
    fresh._optimizer.slots = []
    fresh.partial_fit(X, Y)
    assert same_bits(after, fresh) == (solver != "adam")


def test_weight_decay_shrinks_what_alpha_penalises():
    nets = [
        classifier(solver=AdamW(weight_decay=decay), alpha=0, max_iter=30).fit(X, Y)
        for decay in (0.0, 5.0)
    ]
    free, decayed = (np.concatenate([W.ravel() for W in net.coefs_]) for net in nets)
    assert (decayed**2).sum() < 0.5 * (free**2).sum()
    zero = classifier(solver=AdamW(weight_decay=1.0), alpha=0, max_iter=1)
    zero.fit(np.zeros_like(X), np.arange(len(X)) % 3)  # balanced: only the biases have gradients
    start = clone(zero).set_params(solver=AdamW(weight_decay=0.0))
    start.fit(np.zeros_like(X), np.arange(len(X)) % 3)
    np.testing.assert_allclose(zero.coefs_[0], 0.99 * start.coefs_[0], rtol=1e-6)
    np.testing.assert_allclose(zero.intercepts_[0], start.intercepts_[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("batch_size", [1, len(X)])
def test_gradient_descent(batch_size):
    """sgd without momentum: by the whole of the data, or sample by sample."""
    parameters = {"batch_size": batch_size, "momentum": 0, "shuffle": False, "max_iter": 2}
    nets = [classifier(solver=name, **parameters) for name in ("sgd", "momentum", "nesterov")]
    first, *others = (net.fit(X, Y) for net in nets)
    assert all(same_bits(first, other) for other in others)
