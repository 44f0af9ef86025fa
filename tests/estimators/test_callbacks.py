"""scikit-learn's callbacks: a task for every epoch."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier
from tests.estimators.samples import (
    classifier,
    cnn,
    regressor,
    same_bits,
    tabular,
    tabular_regressor,
)

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
X, Y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=list("abcd"))


class Recorder:
    """Keeps what every epoch was told; asks to stop after some."""

    def __init__(self, stop_after=np.inf):
        self.scores, self.stop_after, self.ended = [], stop_after, False

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.ended = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name != "epoch":
            return False
        self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) >= self.stop_after


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_epoch_is_told(solver):
    recorder = Recorder()
    net = MLPClassifier(5, solver=solver, max_iter=8, random_state=0).set_callbacks(recorder)
    net.fit(X, Y)
    assert len(recorder.scores) >= 8
    assert recorder.scores[7] == net.score(X, Y)
    assert recorder.ended


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_may_stop(solver):
    net = MLPClassifier(5, solver=solver, max_iter=50, random_state=0)
    net.set_callbacks(Recorder(stop_after=4)).fit(X, Y)
    assert net.n_iter_ == 4


def test_scikit_learns_own():
    monitor = callback.ScoringMonitor(scoring="accuracy")
    net = MLPClassifier(5, max_iter=5, random_state=0).set_callbacks(monitor)
    make_pipeline(StandardScaler(), net).set_callbacks(callback.ProgressBar()).fit(X, Y)
    logs = monitor.get_logs(select="most_recent")
    assert sum(row["task_name"] == "epoch" for row in logs.data) == 5


class Keeper(Recorder):
    """Keeps what callbacks and scorers are handed, and its score; may spoil it then."""

    def __init__(self, spoils):
        super().__init__()
        self.kept, self.spoils = [], spoils

    def score(self, estimator, X, y):
        score = estimator.score(X, y)
        self.kept.append((estimator, X, y, score))
        if self.spoils:
            for array in arrays_of(fitted_attributes(estimator)):
                array[...] = 0
        return score

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.score(fitted_estimator, X, y)
        return False


def fitted_attributes(estimator):
    """Those that a user is to see."""
    names = (name for name in vars(estimator) if name.endswith("_") and not name.startswith("_"))
    return {name: getattr(estimator, name) for name in names}


def arrays_of(value):
    """All arrays of numbers in a value, its parts, and ensemble members."""
    if isinstance(value, np.ndarray):
        parts = ()
        if value.dtype.kind in "bif":
            yield value
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, list):
        parts = value
    else:
        parts = vars(value).values() if hasattr(value, "coefs") else ()
    for part in parts:
        yield from arrays_of(part)


@pytest.mark.parametrize("make", [classifier, regressor, cnn, tabular, tabular_regressor])
def test_an_estimator_of_an_epoch_is_whole_and_its_own(make):
    early = {"early_stopping": True} if "early_stopping" in make().get_params() else {}
    wanted = make(scoring=Keeper(False).score, **early).fit(FRAME, Y)
    keeper, spoiler = Keeper(False), Keeper(True)
    for keeps in (keeper, spoiler):
        net = make(scoring=keeps.score, **early).set_callbacks(keeps)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "X does not have valid feature names")
            net.fit(FRAME, Y)
        np.testing.assert_array_equal(net.predict(FRAME), wanted.predict(FRAME))
        assert net.validation_scores_ == wanted.validation_scores_
    later = {"feature_importances_"}  # learned when a member has come to its end
    for estimator, X_seen, y, score in keeper.kept:
        assert estimator.score(X_seen, y) == score
        assert fitted_attributes(wanted).keys() - fitted_attributes(estimator).keys() <= later


def test_what_partial_fit_hands_over_continues_as_it_does():
    keeper = Keeper(False)
    net = classifier().set_callbacks(keeper)
    for _ in range(3):
        net.partial_fit(X, Y, classes=[0, 1, 2])
    before = keeper.kept[0][0]
    del before._skl_callbacks
    for _ in range(2):
        before.partial_fit(X, Y)
    assert same_bits(before, net)


def test_what_partial_fit_hands_over_of_an_ensemble_continues_as_it_does():
    keeper = Keeper(False)
    net = tabular(n_members=1).set_callbacks(keeper)
    for _ in range(3):
        net.partial_fit(X, Y, classes=[0, 1, 2])
    before = keeper.kept[0][0]
    del before._skl_callbacks
    before.partial_fit(X, Y).partial_fit(X, Y)
    pairs = zip(before.estimators_[0].coefs, net.estimators_[0].coefs, strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_partial_fit_tells_every_member():
    recorder = Recorder()
    tabular().set_callbacks(recorder).partial_fit(X, Y, classes=[0, 1, 2])
    assert len(recorder.scores) == 2
    assert recorder.ended
