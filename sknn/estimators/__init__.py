"""The estimators: what users see. No maths."""

from sknn.estimators.cnn import CNNClassifier, CNNRegressor
from sknn.estimators.mixer import MLPMixerClassifier, MLPMixerRegressor
from sknn.estimators.mlp import MLPClassifier, MLPRegressor
from sknn.estimators.neurons import McCullochPittsNeuron, PerceptronClassifier

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPMixerClassifier",
    "MLPMixerRegressor",
    "MLPRegressor",
    "McCullochPittsNeuron",
    "PerceptronClassifier",
]
