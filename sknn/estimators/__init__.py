"""The estimators: what users see. No maths."""

from sknn.estimators.cnn import CNNClassifier, CNNRegressor
from sknn.estimators.mixer import MLPMixerClassifier, MLPMixerRegressor
from sknn.estimators.mlp import MLPClassifier, MLPRegressor
from sknn.estimators.tabular import TabularClassifier, TabularRegressor

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPMixerClassifier",
    "MLPMixerRegressor",
    "MLPRegressor",
    "TabularClassifier",
    "TabularRegressor",
]
