"""The estimators: what users see. No maths."""

from sknn.estimators.cnn import CNNClassifier, CNNRegressor
from sknn.estimators.mixer import MLPMixerClassifier, MLPMixerRegressor
from sknn.estimators.mlp import MLPClassifier, MLPRegressor

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPMixerClassifier",
    "MLPMixerRegressor",
    "MLPRegressor",
]
