"""Layers of networks."""

from sknn.layers._activation import Activation
from sknn.layers._columns import Columns
from sknn.layers._conv import Conv2D
from sknn.layers._conv_transpose import ConvTranspose2D
from sknn.layers._dense import Dense
from sknn.layers._dropout import Dropout, SpatialDropout
from sknn.layers._embedding import CategoryEmbedding, PeriodicEmbedding
from sknn.layers._flatten import Flatten
from sknn.layers._norm import BatchNorm, GroupNorm, LayerNorm
from sknn.layers._piecewise import PiecewiseLinearEmbedding
from sknn.layers._pool import AvgPool2D, GlobalAvgPool2D, GlobalMaxPool2D, MaxPool2D
from sknn.layers._residual import Residual
from sknn.layers._scale import ParametricActivation, Scale
from sknn.layers._transposed import Transposed

__all__ = [
    "Activation",
    "AvgPool2D",
    "BatchNorm",
    "CategoryEmbedding",
    "Columns",
    "Conv2D",
    "ConvTranspose2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GroupNorm",
    "LayerNorm",
    "MaxPool2D",
    "ParametricActivation",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "Residual",
    "Scale",
    "SpatialDropout",
    "Transposed",
]
