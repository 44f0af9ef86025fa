"""Optuna: a trial that is no good ends early."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknn import MLPClassifier, TabularClassifier
from sknn.optuna import PruningCallback

optuna = pytest.importorskip("optuna", reason="needs optuna")
pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
optuna.logging.set_verbosity(optuna.logging.WARNING)
X, Y = load_iris(return_X_y=True)

#: the first trial ends at once, if its first value is on the wrong side of 0.5
PRUNERS = {
    "maximize": optuna.pruners.ThresholdPruner(lower=0.5),
    "minimize": optuna.pruners.ThresholdPruner(upper=0.5),
}


def study_of(direction, net, report, **data):
    def objective(trial):
        rate = trial.suggest_categorical("rate", [1e-7, 0.02])
        net.set_params(learning_rate_init=rate).set_callbacks(PruningCallback(trial, report))
        net.fit(X, Y, **data)
        return net.score(X, Y)

    study = optuna.create_study(direction=direction, pruner=PRUNERS[direction])
    for rate in (1e-7, 0.02):
        study.enqueue_trial({"rate": rate})
    study.optimize(objective, n_trials=2)
    return study.trials


def test_the_score_is_reported_and_a_trial_pruned():
    net = MLPClassifier(20, max_iter=10, batch_size=10, random_state=1, early_stopping=True)
    bad, good = study_of("maximize", net, "score", X_val=X, y_val=Y)
    assert bad.state.name == "PRUNED"
    assert list(bad.intermediate_values) == [0]
    assert good.state.name == "COMPLETE"
    assert list(good.intermediate_values.values()) == net.validation_scores_


def test_the_loss_is_reported():
    net = MLPClassifier(20, max_iter=5, random_state=0)
    trial = optuna.create_study().ask()
    net.set_callbacks(PruningCallback(trial, "loss")).fit(X, Y)
    values = trial.study.get_trials(deepcopy=False)[0].intermediate_values
    assert list(values.values()) == net.loss_curve_


@pytest.mark.parametrize(
    ("net", "match"),
    [
        (MLPClassifier(5, max_iter=3), "needs validation data"),
        (TabularClassifier("fast", max_iter=3, n_threads=1), "TabularClassifier trains several"),
    ],
)
def test_errors_say_what_to_do(net, match):
    trial = optuna.create_study().ask()
    with pytest.raises(ValueError, match=match):
        net.set_callbacks(PruningCallback(trial)).fit(X, Y)


def test_without_optuna_the_error_names_the_extra(monkeypatch):
    callback = PruningCallback(optuna.create_study().ask())
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"needs optuna; .*sknn\[optuna\]"):
        MLPClassifier(5, max_iter=3).set_callbacks(callback).fit(X, Y)


def test_another_report_is_an_error():
    with pytest.raises(ValueError, match="report='accuracy' must be"):
        PruningCallback(None, "accuracy")


def test_a_pruned_fit_changes_nothing():
    net = MLPClassifier(5, max_iter=3, random_state=0).fit(X, Y)
    before = [w.copy() for w in net.coefs_]
    trial = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=-1.0)).ask()
    with pytest.raises(optuna.TrialPruned):
        net.set_callbacks(PruningCallback(trial, "loss")).fit(X, Y)
    for a, b in zip(before, net.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
