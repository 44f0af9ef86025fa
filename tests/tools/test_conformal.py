"""crepes: conformal intervals from out-of-fold predictions, without a refit."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, make_friedman1

from sknn import TabularClassifier, TabularRegressor

crepes = pytest.importorskip("crepes", reason="needs crepes")


def test_intervals_of_a_regressor():
    X, y = make_friedman1(600, noise=1.0, random_state=0)
    model = TabularRegressor("fast", store_oof_predictions=True, random_state=0)
    model.fit(X[:400], y[:400])
    residuals = y[:400] - model.oof_predictions_
    conformal = crepes.ConformalRegressor().fit(residuals[~np.isnan(residuals)])
    low, high = conformal.predict_int(model.predict(X[400:]), confidence=0.9).T
    assert 0.8 < np.mean((low <= y[400:]) & (y[400:] <= high)) <= 1


def test_sets_of_a_classifier():
    X, y = load_breast_cancer(return_X_y=True)
    model = TabularClassifier("fast", store_oof_predictions=True, random_state=0)
    model.fit(X[:400], y[:400])
    known = ~np.isnan(model.oof_predictions_).any(axis=1)
    scores = crepes.extras.hinge(model.oof_predictions_[known], model.classes_, y[:400][known])
    conformal = crepes.ConformalClassifier().fit(scores)
    sets = conformal.predict_set(crepes.extras.hinge(model.predict_proba(X[400:])), confidence=0.9)
    assert np.mean(sets[np.arange(len(sets)), y[400:]]) > 0.8
