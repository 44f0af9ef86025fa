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
    ],
)
def test_errors_say_what_to_do(net, match):
    trial = optuna.create_study().ask()
    with pytest.raises(ValueError, match=match):
        net.set_callbacks(PruningCallback(trial)).fit(X, Y)


@pytest.mark.parametrize("report", ["score", "loss"])
@pytest.mark.parametrize("more", [{}, {"refit": True}])
def test_an_ensemble_reports_after_each_member(report, more):
    """The same values for any number of threads, although members finish in any order."""
    found = []
    for n_threads in (1, 2, 4):
        trial = optuna.create_study().ask()
        net = TabularClassifier("fast", n_members=4, max_iter=6, random_state=0, **more)
        net.set_params(n_threads=n_threads).set_callbacks(PruningCallback(trial, report)).fit(X, Y)
        found.append(trial.study.get_trials(deepcopy=False)[0].intermediate_values)
    assert found[0] == found[1] == found[2]
    assert list(found[0]) == [0, 1, 2, 3]
    if report == "score" and not more:
        best = [max(scores) for scores in net.validation_scores_]
        means = [np.mean(best[: k + 1]) for k in range(4)]
        np.testing.assert_allclose(list(found[0].values()), means)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_ensemble_is_pruned_between_members(n_threads):
    net = TabularClassifier("fast", n_members=4, max_iter=6, random_state=0, n_threads=n_threads)
    net.fit(X, Y)
    before = net.predict_proba(X)
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=-1e9))
    trial = study.ask()
    with pytest.raises(optuna.TrialPruned, match="after member 1"):
        net.set_callbacks(PruningCallback(trial)).fit(X[:, :2], Y)
    assert list(study.get_trials(deepcopy=False)[0].intermediate_values) == [0]
    np.testing.assert_array_equal(net.predict_proba(X), before)


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
