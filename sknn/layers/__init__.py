"""Layers: what a network is made of. One layer, one file."""

from sknn.layers._activation import Activation
from sknn.layers._dense import Dense
from sknn.layers._dropout import Dropout

__all__ = ["Activation", "Dense", "Dropout"]
