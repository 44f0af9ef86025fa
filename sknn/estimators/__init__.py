"""The estimators: what users see. No maths."""

from sknn.estimators._classifier import MLPClassifier
from sknn.estimators._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
