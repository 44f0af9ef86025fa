"""SHAP: explanations of probabilities add up."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, Y = load_iris(return_X_y=True)


@pytest.mark.filterwarnings("ignore")  # those of SHAP's imports
def test_values_add_up_to_the_probabilities(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # compiling what SHAP is made of takes longest
    shap = pytest.importorskip("shap", reason="needs shap")
    net = make_pipeline(StandardScaler(), MLPClassifier(20, max_iter=50, random_state=0)).fit(X, Y)
    explainer = shap.Explainer(net.predict_proba, X[::15], algorithm="permutation", seed=0)
    found = explainer(X[:3], silent=True)
    assert found.shape == (3, 4, 3)
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, net.predict_proba(X[:3]), atol=1e-6)
