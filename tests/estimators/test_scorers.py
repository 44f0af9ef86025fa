"""Scorers of the user's: what the estimator that they are handed has, and that it is theirs."""

import copy

import numpy as np
import pytest

from sknn._state import CACHES
from sknn.augmentation import Augmentation
from sknn.inputs import dataset
from sknn.layers import BatchNorm, Conv2D, Dense, Flatten, Residual
from sknn.optimizers import Adam
from sknn.schedules import Cosine
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    X,
    Y,
    classifier,
    cnn,
    regressor,
    tabular,
    tabular_regressor,
)


class Recorder:
    """A scorer that notes what it sees; raises in one of its calls where asked to."""

    def __init__(self, see, fails_in=None, error=None):
        self.see, self.fails_in, self.error = see, fails_in, error
        self.seen = []

    def __call__(self, estimator, X, y):
        self.seen.append(self.see(estimator))
        if len(self.seen) == self.fails_in:
            raise self.error
        return estimator.score(X, y)


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_scorer_sees_the_epoch_that_it_scores(make, solver):
    scorer = Recorder(lambda e: (e.n_iter_, len(e.loss_curve_), e.loss_))
    net = make(solver=solver, scoring=scorer, early_stopping="auto").fit(X, Y, X_val=X, y_val=Y)
    epochs = range(1, net.n_iter_ + 1)
    assert scorer.seen == list(zip(epochs, epochs, net.loss_curve_, strict=True))


@pytest.mark.parametrize("make", [tabular, tabular_regressor])
def test_a_scorer_sees_the_epoch_of_a_member(make):
    scorer = Recorder(lambda e: (e.n_iter_, e.best_epochs_, len(e.estimators_[0].loss_curve)))
    make(n_members=1, scoring=scorer).fit(X, Y)
    assert scorer.seen == [(epoch, [epoch], epoch) for epoch in (1, 2, 3, 4)]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_epoch_without_a_score_does_not_count(solver):
    scorer = Recorder(lambda e: e.n_iter_, fails_in=3, error=KeyboardInterrupt)
    net = classifier(solver=solver, scoring=scorer, early_stopping="auto")
    with pytest.warns(UserWarning, match="interrupted"):
        net.fit(X, Y, X_val=X, y_val=Y)
    assert scorer.seen == [1, 2, 3]
    assert net.n_iter_ == len(net.loss_curve_) == len(net.validation_scores_) == 2
    assert net.t_ == (2 * len(X) if solver == "adam" else 0)


def parts_of(value, found):
    """Adds all that is reached from a value and could be changed, by its id: containers, arrays, our objects."""
    if isinstance(value, (list, tuple, set)):
        inside = [*value]
    elif isinstance(value, dict):
        inside = [*value.values()]
    elif type(value).__module__.startswith("sknn") and hasattr(value, "__dict__"):
        inside = [*vars(value).values()]
    elif isinstance(value, (np.ndarray, np.random.RandomState)):
        inside = []
    else:
        return found
    if not isinstance(value, tuple) and id(value) not in found:
        found[id(value)] = value
    for part in inside:
        parts_of(part, found)
    return found


def parts_of_estimator(estimator, found):
    """Those of an estimator, but for its callbacks and what its predictions have filled."""
    for name, value in vars(estimator).items():
        if not name.startswith("_skl") and name not in CACHES:
            parts_of(value, found)
    return found


class Watcher:
    """A scorer and callback that keeps the parts of what it is handed."""

    def __init__(self):
        self.handed, self.parts = [], {}

    def __call__(self, estimator, X, y):
        estimator.score(X, y)
        self.handed.append(estimator)
        parts_of_estimator(estimator, self.parts)
        return 0.0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self(fitted_estimator, X, y)
        return False


OWN = {
    "mlp": classifier(
        solver=Adam(),
        learning_rate=Cosine(),
        hidden_layer_sizes=[8],
        class_weight={0: 2.0},
        random_state=np.random.RandomState(0),
        early_stopping=True,
        dropout=[0.0, 0.1],
    ),
    "cnn": cnn(
        layers=[Conv2D(4, 3), BatchNorm(), Residual([BatchNorm()]), Flatten(), Dense(4)],
        augmentation=Augmentation(shift=1),
        early_stopping=True,
    ),
    "tabular": tabular(learning_rate=Cosine(), categorical_features=[1], refit=True),
    "tabular, values": tabular_regressor(quantile=[0.1, 0.9], loss="quantile"),
}


@pytest.mark.parametrize("role", ["scorer", "callback"])
@pytest.mark.parametrize("name", OWN)
def test_what_a_user_is_handed_shares_nothing_with_the_estimator(name, role):
    estimator, watcher = copy.deepcopy(OWN[name]), Watcher()
    if role == "scorer":
        estimator.set_params(scoring=watcher)
    elif hasattr(estimator, "set_callbacks"):
        estimator.set_callbacks(watcher)
    else:
        pytest.skip("scikit-learn < 1.9 has no callbacks")
    X_seen, y = (IMAGES, DIGITS) if name == "cnn" else (X, Y)
    for _ in range(2):  # into what is not fitted, and into what is
        estimator.fit(X_seen, y)
        assert watcher.handed
        shared = parts_of_estimator(estimator, {}).keys() & watcher.parts.keys()
        assert [watcher.parts[number] for number in shared] == []


def test_a_scorer_that_changes_a_parameter_changes_its_own():
    def score(estimator, X, y):
        estimator.set_params(solver__beta_1=0.5)
        return 0.0

    net = classifier(solver=Adam(), scoring=score, early_stopping=True).fit(X, Y)
    assert net.solver.beta_1 == Adam().beta_1


def test_a_callback_is_handed_no_more_than_what_is_learned():
    callbacks = pytest.importorskip("sknn.training.callbacks")
    net = classifier().fit(X, Y)
    told = callbacks.EpochCallbacks(net, dataset.Dataset(X, Y, None, None, X), net)._attributes(
        dict
    )()
    assert told.keys() & net.get_params().keys() == set()
    assert told.keys() & {"_programs", "_valid_parameters", "_skl_callbacks"} == set()
    assert told.keys() >= {"coefs_", "classes_", "n_iter_", "_target_kind"}
