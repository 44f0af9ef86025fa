"""Every warning names a line of the user's program, however it was called."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknn
from sknn import CNNClassifier, MLPClassifier, MLPRegressor, PerceptronClassifier, TabularClassifier
from tests.estimators.samples import X, Y

CALLS = {
    "not converged": (lambda: MLPClassifier(max_iter=1).fit(X, Y), "Maximum iterations"),
    "partial_fit": (
        lambda: MLPClassifier(batch_size=999).partial_fit(X, Y, classes=[0, 1, 2]),
        "clipped",
    ),
    "batch size": (lambda: MLPClassifier(max_iter=1, batch_size=999).fit(X, Y), "clipped"),
    "diverged": (
        lambda: MLPRegressor(solver="sgd", learning_rate_init=1e6, max_iter=9).fit(X, Y),
        "diverged",
    ),
    "small validation set": (
        lambda: MLPClassifier(max_iter=1, early_stopping=True).fit(X[:60], Y[:60]),
        "say little",
    ),
    "no validation set": (
        lambda: MLPRegressor(max_iter=1, early_stopping=True).fit(X[:6], Y[:6]),
        "without early stopping",
    ),
    "scale of y": (lambda: MLPRegressor(max_iter=1).fit(X, 1e5 + Y), "standard deviation"),
    "flat images": (
        lambda: CNNClassifier([], max_iter=1).fit(np.random.rand(20, 64), Y[:20]),
        "image_shape",
    ),
    "order of axes": (
        lambda: CNNClassifier([], max_iter=1).fit(np.random.rand(20, 3, 9, 9), Y[:20]),
        "channels_first",
    ),
    "small folds": (
        lambda: TabularClassifier("fast", max_iter=1).fit(X[:20], Y[:20] * 0 + [0, 1] * 10),
        "A fold of 20",
    ),
    "time": (
        lambda: TabularClassifier("fast", max_time=1e-3).fit(X, Y),
        "Training stopped after max_time",
    ),
    "first batch": (
        lambda: TabularClassifier("fast").partial_fit(X[:50], Y[:50], classes=[0, 1, 2]),
        "first call of partial_fit has 50 samples",
    ),
    "numbers as strings": (
        lambda: TabularClassifier("fast", max_iter=1).fit(
            np.array([[str(i + 0.5) if i % 9 else "?"] for i in range(150)], object), Y
        ),
        "are numbers",
    ),
    "perceptron": (lambda: PerceptronClassifier(max_iter=1).fit(X, Y > 1), "max_iter"),
    "pipeline": (
        lambda: make_pipeline(StandardScaler(), MLPClassifier(max_iter=1)).fit(X, Y),
        "Maximum iterations",
    ),
    "search": (
        lambda: GridSearchCV(MLPClassifier(max_iter=1), {"alpha": [0.1]}, cv=2).fit(X, Y),
        "Maximum iterations",
    ),
    "cross-validation": (
        lambda: cross_val_score(MLPClassifier(max_iter=1), X, Y, cv=2),
        "Maximum iterations",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_file_is_the_callers(name):
    call, text = CALLS[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    found = [warning for warning in caught if re.search(text, str(warning.message))]
    assert found
    assert {warning.filename for warning in found} == {__file__}


def test_there_is_one_way_to_warn():
    """No module counts frames by hand."""
    package = Path(sknn.__file__).parent
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    counting = [path.name for path, text in sources.items() if "stacklevel=" in text]
    assert counting == ["_warnings.py"]
