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

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "MLPClassifier",
    "MLPMixerClassifier",
    "MLPMixerRegressor",
    "MLPRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "show_versions",
]
