"""sknn: neural networks as scikit-learn estimators, with their own engine."""

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
from sknn.teaching.neurons import McCullochPittsNeuron, PerceptronClassifier

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
]
