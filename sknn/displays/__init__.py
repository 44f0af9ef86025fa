"""Pictures of fitted networks, as scikit-learn's Displays: data in attributes, drawn by ``plot``."""

from sknn.displays._confusion import ImageConfusionDisplay
from sknn.displays._feature_maps import FeatureMapDisplay
from sknn.displays._filters import FilterDisplay
from sknn.displays._loss_curve import LossCurveDisplay
from sknn.displays._network import NetworkDisplay
from sknn.displays._temperature import TemperatureDisplay

__all__ = [
    "FeatureMapDisplay",
    "FilterDisplay",
    "ImageConfusionDisplay",
    "LossCurveDisplay",
    "NetworkDisplay",
    "TemperatureDisplay",
]
