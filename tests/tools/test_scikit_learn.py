"""scikit-learn's own tools around a classifier: thresholds, calibration, Displays, progress."""

import pytest
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import load_breast_cancer
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay
from sklearn.metrics import ConfusionMatrixDisplay, DetCurveDisplay, RocCurveDisplay
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier, TabularClassifier

X, Y = load_breast_cancer(return_X_y=True)
NETS = [
    make_pipeline(StandardScaler(), MLPClassifier(20, max_iter=30, random_state=0)),
    TabularClassifier("fast", max_iter=4, n_threads=1, random_state=0),
]


@pytest.mark.parametrize("net", NETS, ids=["mlp", "tabular"])
def test_a_threshold_is_tuned(net):
    tuned = TunedThresholdClassifierCV(net, scoring="balanced_accuracy", cv=2).fit(X, Y)
    assert 0 < tuned.best_threshold_ < 1
    assert tuned.score(X, Y) > 0.9


@pytest.mark.parametrize("net", NETS, ids=["mlp", "tabular"])
def test_calibration(net):
    assert CalibratedClassifierCV(net, cv=2).fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize("net", NETS, ids=["mlp", "tabular"])
def test_displays(net):
    matplotlib = pytest.importorskip("matplotlib", reason="needs matplotlib")
    with matplotlib.rc_context({"backend": "agg"}):
        fitted = net.fit(X[:, :2], Y)
        for display in (
            RocCurveDisplay,
            DetCurveDisplay,
            ConfusionMatrixDisplay,
            CalibrationDisplay,
        ):
            display.from_estimator(fitted, X[:, :2], Y).figure_.clear()
        PartialDependenceDisplay.from_estimator(fitted, X[:50, :2], [0], grid_resolution=5)
        DecisionBoundaryDisplay.from_estimator(fitted, X[:, :2], grid_resolution=10)
        matplotlib.pyplot.close("all")


@pytest.mark.parametrize("net", [NETS[0][-1], NETS[1]], ids=["mlp", "tabular"])
def test_progress(net, capsys):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
    pytest.importorskip("rich", reason="needs rich")
    net.set_callbacks(callback.ProgressBar()).fit(X, Y)
    printed = capsys.readouterr().out
    assert f"{type(net).__name__} - fit" in printed
    assert "100%" in printed
