"""The part of the table of layer cases that works on tables."""

import numpy as np

from sknn.layers import (
    Activation,
    BatchNorm,
    CategoryEmbedding,
    Columns,
    Conv2D,
    Dense,
    LayerNorm,
    MaxPool2D,
    ParametricActivation,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Residual,
    Scale,
)
from tests.reference import ACTIVATIONS


def bins(n_bins, d):
    """Edges of d columns between -2 and 2, not the same in any two."""
    edges = np.random.default_rng(n_bins).uniform(-2, 2, (n_bins + 1, d))
    return np.sort(edges, axis=0).tolist()


TABLES = {
    "scale_of_the_input": ([Scale(), Dense(5)], (7,)),
    "scale": ([Conv2D(6, 2), Scale(), Conv2D(17, 2), Scale()], (5, 4, 3)),
    "scale_dense": ([Dense(33), Scale(), Dense(5)], (7,)),
    "scale_pool": ([Conv2D(17, 2), Scale(), MaxPool2D(2), Dense(5), Scale()], (7, 6, 3)),
    "parametric_of_the_input": ([ParametricActivation("tanh"), Dense(5)], (7,)),
    "parametric_activation": (
        [Conv2D(6, 2, activation="identity"), ParametricActivation("selu"), Conv2D(17, 2)],
        (5, 4, 3),
    ),
    "periodic": ([PeriodicEmbedding(), Dense(9)], (5,)),
    "periodic_of_seventeen": ([PeriodicEmbedding(5, 2, sigma=1.0), Dense(9)], (17,)),
    "periodic_of_many": ([PeriodicEmbedding(3, 1), Dense(9)], (170,)),
    "periodic_of_one": ([PeriodicEmbedding(1, 1), Dense(9)], (1,)),
    "periodic_of_units": ([Dense(7), PeriodicEmbedding(4, 3), Dense(9)], (5,)),
    "periodic_twice": ([PeriodicEmbedding(4, 2), PeriodicEmbedding(2, 2), Dense(9)], (5,)),
    "piecewise": ([PiecewiseLinearEmbedding(bins(8, 5)), Dense(9)], (5,)),
    "piecewise_of_seventeen": ([PiecewiseLinearEmbedding(bins(5, 17), 2), Dense(9)], (17,)),
    "piecewise_of_many": ([PiecewiseLinearEmbedding(bins(3, 170), 1), Dense(9)], (170,)),
    "piecewise_of_one": ([PiecewiseLinearEmbedding(bins(1, 1), 1), Dense(9)], (1,)),
    "piecewise_of_units": ([Dense(7), PiecewiseLinearEmbedding(bins(4, 7)), Dense(9)], (5,)),
    "piecewise_of_waves": (
        [
            Columns([PeriodicEmbedding(2, 1), PiecewiseLinearEmbedding(bins(4, 2))], [3, 2]),
            Scale(),
            PiecewiseLinearEmbedding(bins(2, 14), 1),
        ],
        (5,),
    ),
    "category": ([CategoryEmbedding([3, 1, 200], dim=8), Dense(9)], (3,)),
    "category_long_vectors": ([CategoryEmbedding([2, 3], dim=170), Dense(9)], (2,)),
    "category_of_units": ([Dense(2), CategoryEmbedding([2, 2], 3), Dense(9)], (4,)),
    "columns": (
        [
            Columns([PeriodicEmbedding(), None, CategoryEmbedding([2, 4], 3)], [5, 4, 2]),
            Scale(),
            Dense(33, "identity"),
            ParametricActivation("mish"),
        ],
        (11,),
    ),
    "columns_with_rates": (
        [
            Columns(
                [
                    PeriodicEmbedding(2, 1, lr_multiplier=0.1),
                    CategoryEmbedding([3], 4, lr_multiplier=3.0),
                ],
                [3, 1],
            ),
            Scale(lr_multiplier=6),
            Dense(9, "identity", parametrization="ntk", lr_multiplier=2.0, bias_lr_multiplier=0.1),
            ParametricActivation("selu", lr_multiplier=0.1),
            Dense(5, "tanh", lr_multiplier=0.5),
        ],
        (4,),
    ),
    "columns_of_units": (
        [Dense(9), Columns([Dense(4), None, Activation("tanh"), Scale()], [2, 3, 1, 3]), Dense(5)],
        (5,),
    ),
    "columns_in_columns": (
        [
            Columns([None, Columns([Dense(3), PeriodicEmbedding(2, 1)], [1, 2])], [2, 3]),
            LayerNorm(),
            Dense(5),
        ],
        (5,),
    ),
    "columns_before_batch_norm": (
        [Columns([PeriodicEmbedding(4, 1), CategoryEmbedding([3])], [4, 1]), BatchNorm(), Dense(6)],
        (5,),
    ),
    "residual_of_tables": (
        [
            Columns([PeriodicEmbedding(), CategoryEmbedding([4, 5])], [3, 2]),
            Residual([Scale(), Dense(28)]),
            ParametricActivation("relu"),
        ],
        (5,),
    ),
    **{
        f"parametric_{name}": ([Dense(33, "identity"), ParametricActivation(name), Dense(5)], (6,))
        for name in ACTIVATIONS
    },
}
