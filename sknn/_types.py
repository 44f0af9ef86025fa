"""Names for the types that public signatures are made of; type checkers see them through ``py.typed``."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: arrays, sparse matrices, images, data frames of any library: no type of numpy's covers all of them
Samples: TypeAlias = Any
#: labels or numbers: arrays, lists, Series, sparse matrices of labels
Target: TypeAlias = Any
Weights: TypeAlias = ArrayLike | None
Array: TypeAlias = NDArray[Any]
#: an array but for what the docstring says: a list of arrays, a sparse matrix, a data frame, a tuple
ArrayOr: TypeAlias = NDArray[Any] | Any
Seed: TypeAlias = int | np.random.RandomState | None

ActivationName: TypeAlias = Literal[
    "identity",
    "logistic",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
]
Auto: TypeAlias = Literal["auto"]
TrainingDtype: TypeAlias = Literal["float32", "float64", "mixed_bfloat16"]
Pair: TypeAlias = int | tuple[int, int]
Padding: TypeAlias = Literal["same", "valid"] | Pair
Parametrization: TypeAlias = Literal["ntk", "standard"]
#: 100, (100, 50) or "256x3"
Sizes: TypeAlias = int | Sequence[int] | str
