"""The estimators: what users see. No maths."""

from sknn.estimators.cnn import CNNClassifier, CNNRegressor
from sknn.estimators.mlp import MLPClassifier, MLPRegressor
from sknn.estimators.neurons import McCullochPittsNeuron, PerceptronClassifier

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "McCullochPittsNeuron",
    "PerceptronClassifier",
]
