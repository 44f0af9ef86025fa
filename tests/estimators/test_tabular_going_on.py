"""partial_fit of the estimators of tabular data, call after call: the same bits, or nothing at all."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn import TabularClassifier
from tests.estimators.samples import X, Y, tabular, tabular_regressor
from tests.estimators.test_tabular_partial_fit import CLASSES, same_bits, state_of, weights_of


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda e: pickle.loads(state_of(e))])
@pytest.mark.parametrize("learning_rate", ["auto", "invscaling", "cosine"])
@pytest.mark.parametrize("seed", [0, None])
def test_a_copy_goes_on_bit_for_bit(copied, learning_rate, seed):
    net = tabular(learning_rate=learning_rate, dropout=0.2, batch_size=40, random_state=seed)
    for _ in range(2):
        net.partial_fit(X, Y, **CLASSES)
    restored = copied(net)
    for _ in range(2):
        net.partial_fit(X, Y)
        restored.partial_fit(X, Y)
    assert same_bits(net, restored)
    assert [member.samples_seen for member in restored.estimators_] == [4 * len(X)] * 2
    assert restored.n_iter_ == net.n_iter_ == 4


def test_moments_are_kept():
    kept, lost = (tabular().partial_fit(X, Y, **CLASSES) for _ in range(2))
    for member in lost.estimators_:
        for slot in member.optimizer.slots:
            for array in (*slot[0], *slot[1]):
                array[...] = 0
    assert not same_bits(kept.partial_fit(X, Y), lost.partial_fit(X, Y))
    assert [member.optimizer.steps for member in kept.estimators_] == [6, 6]


def test_every_pass_shuffles_and_drops_anew():
    net = tabular(dropout=0.3).partial_fit(X, Y, **CLASSES)
    again = copy.deepcopy(net)
    for member in again.estimators_:
        member.optimizer.epochs = 0
    assert not same_bits(net.partial_fit(X, Y), again.partial_fit(X, Y))


@pytest.mark.parametrize("net", [tabular(n_members=3), tabular_regressor(n_members=3)])
def test_any_number_of_threads(net):
    first = CLASSES if isinstance(net, TabularClassifier) else {}
    one, two, five = (clone(net).set_params(n_threads=k) for k in (1, 2, 5))
    for _ in range(2):
        for each in (one, two, five):
            each.partial_fit(X, Y, **first)
    assert same_bits(one, two)
    assert same_bits(one, five)


def test_pickles_do_not_grow():
    net = tabular()
    sizes = [len(state_of(net.partial_fit(X, Y, **CLASSES))) for _ in range(20)]
    assert max(sizes[2:]) - min(sizes[2:]) < 50
    assert len(net.estimators_[0].loss_curve) == 20


def test_skops_restores_what_goes_on():
    sio = pytest.importorskip("skops.io")
    net = tabular().partial_fit(X, Y, **CLASSES)
    data = sio.dumps(net)
    restored = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
    assert same_bits(restored.partial_fit(X, Y), net.partial_fit(X, Y))


def test_fit_begins_anew():
    net = tabular().partial_fit(X * 5, Y, classes=[0, 1, 2, 3]).partial_fit(X, Y)
    assert same_bits(net.fit(X, Y), tabular().fit(X, Y))
    assert net.estimators_[0].optimizer is None
    assert len(net.classes_) == 3


def test_members_of_before_stay_as_they_are():
    net = tabular().partial_fit(X, Y, **CLASSES)
    snapshot = copy.copy(net)
    before = weights_of(net).copy()
    net.partial_fit(X, Y)
    np.testing.assert_array_equal(weights_of(snapshot), before)


def test_divergence_keeps_the_weights_of_before():
    net = tabular_regressor(loss="poisson", learning_rate="constant").partial_fit(X, Y)
    before = net.predict(X)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        net.set_params(learning_rate_init=1e20).partial_fit(X, Y)
    np.testing.assert_array_equal(net.predict(X), before)
    net.set_params(learning_rate_init=0.01).partial_fit(X, Y)
    assert np.isfinite(weights_of(net)).all()
    assert (net.predict(X) != before).any()
