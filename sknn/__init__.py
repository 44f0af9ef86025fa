"""sknn: neural networks as scikit-learn estimators, with their own engine."""

from sknn._versions import __version__, show_versions
from sknn.estimators import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "__version__", "show_versions"]
