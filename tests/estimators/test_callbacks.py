"""scikit-learn's callbacks: a task for every epoch."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
X, Y = load_iris(return_X_y=True)


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
