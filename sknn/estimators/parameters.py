"""Types of the estimators' parameters, as their docstrings say them; `constraints` says the same to a fit."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from sknn.optimizers import Optimizer
from sknn.schedules import Schedule

Solver: TypeAlias = (
    Literal[
        "adam",
        "adamw",
        "nadam",
        "sgd",
        "momentum",
        "nesterov",
        "adagrad",
        "adadelta",
        "rmsprop",
        "muon",
        "lbfgs",
    ]
    | Optimizer
)
ScheduleName: TypeAlias = Literal[
    "constant", "invscaling", "adaptive", "cosine", "one_cycle", "coslog", "flat_cosine"
]
LearningRate: TypeAlias = ScheduleName | Schedule
Scoring: TypeAlias = str | Callable[..., Any] | None
ClassWeight: TypeAlias = dict[Any, Any] | list[Any] | Literal["balanced"] | None
RegressionLoss: TypeAlias = Literal[
    "squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"
]
EffortName: TypeAlias = Literal["fast", "balanced", "best"]
NumericEmbedding: TypeAlias = Literal["auto", "periodic", "piecewise_linear"] | None
#: "cv", "holdout", a splitter of scikit-learn's, or pairs of indices
Folds: TypeAlias = Literal["cv", "holdout"] | Any
