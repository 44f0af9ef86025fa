"""Pictures of fitted networks, as scikit-learn's Displays: data in attributes, drawn by ``plot``."""

from sknn.inspection._feature_maps import FeatureMapDisplay
from sknn.inspection._filters import FilterDisplay
from sknn.inspection._loss_curve import LossCurveDisplay

__all__ = ["FeatureMapDisplay", "FilterDisplay", "LossCurveDisplay"]
