"""sknn: neural networks as scikit-learn estimators, with their own engine."""

from sknn._trusted import trusted_types
from sknn._versions import __version__, show_versions
from sknn.estimators import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPMixerClassifier,
    MLPMixerRegressor,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
)
from sknn.teaching.neuron import McCullochPittsNeuron
from sknn.teaching.perceptron import PerceptronClassifier

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPMixerClassifier",
    "MLPMixerRegressor",
    "MLPRegressor",
    "McCullochPittsNeuron",
    "PerceptronClassifier",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "show_versions",
    "trusted_types",
]
