"""The estimators: what users see."""

from sknn.estimators.cnn_classifier import CNNClassifier
from sknn.estimators.cnn_regressor import CNNRegressor
from sknn.estimators.mixer_classifier import MLPMixerClassifier
from sknn.estimators.mixer_regressor import MLPMixerRegressor
from sknn.estimators.mlp_classifier import MLPClassifier
from sknn.estimators.mlp_regressor import MLPRegressor
from sknn.estimators.tabular_classifier import TabularClassifier
from sknn.estimators.tabular_regressor import TabularRegressor

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
