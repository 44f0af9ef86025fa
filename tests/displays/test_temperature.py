"""Calibration before and after the temperature."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn.displays import TemperatureDisplay
from tests.estimators.samples import classifier, tabular

X, Y = make_classification(400, n_informative=4, flip_y=0.2, random_state=0)


def test_both_curves():
    pipeline = make_pipeline(StandardScaler(), tabular(max_iter=6)).fit(X[:200], Y[:200])
    display = TemperatureDisplay.from_estimator(pipeline, X[200:], Y[200:], n_bins=4)
    model = pipeline[-1]
    P = pipeline.predict_proba(X[200:])
    confidence, accuracy = display.after
    assert np.average(confidence) == pytest.approx(P.max(axis=1).mean())
    assert np.average(accuracy) == pytest.approx(pipeline.score(X[200:], Y[200:]))
    assert display.temperature == model.temperature_ != 1
    assert not np.array_equal(display.before[0], confidence)
    np.testing.assert_array_equal(display.line_after_.get_xydata().T, display.after)
    np.testing.assert_array_equal(display.line_before_.get_xydata().T, display.before)
    np.testing.assert_array_equal(pipeline.predict_proba(X[200:]), P)


def test_what_has_no_temperature():
    with pytest.raises(ValueError, match="this is a MLPClassifier"):
        TemperatureDisplay.from_estimator(classifier().fit(X, Y), X, Y)


def test_bins():
    model = tabular(max_iter=1).fit(X, Y)
    with pytest.raises(ValueError, match="n_bins=0 must be from 1 to"):
        TemperatureDisplay.from_estimator(model, X, Y, n_bins=0)
