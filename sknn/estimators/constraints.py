"""Ranges of the estimators' parameters."""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from sknn._ranges import (
    BELOW_ONE,
    COUNT,
    FRACTION,
    MAX_COUNT,
    MAX_LAYERS,
    NOT_NEGATIVE,
    POSITIVE,
    SIZES,
    WIDTH,
)
from sknn.augmentation import Augmentation
from sknn.ensemble.effort import EFFORTS_CLASSIFICATION
from sknn.estimators.precision import MIXED
from sknn.layers._layer import ACTIVATIONS, PAIR
from sknn.optimizers import SOLVERS, Optimizer
from sknn.presets import ConvNet
from sknn.schedules import SCHEDULES, Schedule
from sknn.targets.regression import LOSSES

AUTO = StrOptions({"auto"})

#: what every estimator has
COMMON = {
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "n_threads": [*COUNT, Interval(Integral, None, -1, closed="right"), None],
    "dtype": [StrOptions({"float32", "float64", MIXED}), None],
    "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
    "learning_rate": [StrOptions(set(SCHEDULES)), Schedule],
}

#: what the estimators of one network have
NETWORK = {
    **COMMON,
    "solver": [StrOptions({"lbfgs", *SOLVERS}), Optimizer],
    "alpha": NOT_NEGATIVE,
    "batch_size": [AUTO, *COUNT],
    "learning_rate_init": POSITIVE,
    "max_iter": COUNT,
    "tol": NOT_NEGATIVE,
    "warm_start": ["boolean"],
    "early_stopping": ["boolean", AUTO],
    "validation_fraction": BELOW_ONE,
    "n_iter_no_change": [*COUNT, Options(Real, {np.inf})],
    "clip_norm": [*POSITIVE, None],
    "warmup": FRACTION,
}

MLP = {
    **NETWORK,
    "hidden_layer_sizes": SIZES,
    "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
    "dropout": [*BELOW_ONE, "array-like"],
    "shuffle": ["boolean"],
    "power_t": NOT_NEGATIVE,
    "momentum": FRACTION,
    "nesterovs_momentum": ["boolean"],
    "beta_1": BELOW_ONE,
    "beta_2": BELOW_ONE,
    "epsilon": POSITIVE,
    "max_fun": COUNT,
}

IMAGES = {
    **NETWORK,
    "activation": [StrOptions(set(ACTIVATIONS))],
    "image_shape": ["array-like", None],
    "channels_first": ["boolean"],
    "standardize": ["boolean"],
    "augmentation": [Augmentation, None],
    "test_time_augmentation": ["boolean"],
    "max_iter": [AUTO, *COUNT],
}

CNN = {
    **IMAGES,
    "layers": [list, tuple, ConvNet, None],
    "hidden_layer_sizes": [*SIZES, None],
}

MIXER = {
    **IMAGES,
    "patch_size": [*PAIR, AUTO],
    "n_blocks": [Interval(Integral, 0, MAX_LAYERS, closed="both")],
    "hidden_dim": WIDTH,
    "tokens_mlp_dim": WIDTH,
    "channels_mlp_dim": WIDTH,
    "dropout": BELOW_ONE,
}

TABULAR = {
    **COMMON,
    "dtype": [StrOptions({"float32", "float64", MIXED})],
    "effort": [StrOptions(set(EFFORTS_CLASSIFICATION))],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "hidden_layer_sizes": SIZES,
    "activation": [StrOptions({*ACTIVATIONS, "auto"})],
    "smooth_clip": ["boolean"],
    "numeric_embedding": [StrOptions({"auto", "periodic", "piecewise_linear"}), None],
    "n_thresholds": [AUTO, Interval(Integral, 0, MAX_COUNT, closed="both")],
    "category_embedding": WIDTH,
    "monotonic_cst": ["array-like", dict, None],
    "target_statistics": ["boolean"],
    "scaling_layer": ["boolean"],
    "parametrization": [StrOptions({"ntk", "standard"})],
    "parametric_activation": ["boolean"],
    "data_driven_init": ["boolean"],
    "n_members": [AUTO, Interval(Integral, 1, MAX_LAYERS, closed="both")],
    "validation": [StrOptions({"cv", "holdout"}), HasMethods(["split"]), "array-like"],
    "refit": ["boolean"],
    "max_iter": [AUTO, *COUNT],
    "batch_size": [AUTO, *COUNT],
    "learning_rate": [StrOptions({*SCHEDULES, "auto"}), Schedule],
    "learning_rate_init": [AUTO, *POSITIVE],
    "beta_2": BELOW_ONE,
    "weight_decay": NOT_NEGATIVE,
    "dropout": [AUTO, *BELOW_ONE],
    "anneal_regularization": ["boolean"],
    "store_oof_predictions": ["boolean"],
}

CLASSIFIER = {
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "label_smoothing": BELOW_ONE,
}

REGRESSOR = {
    "loss": [StrOptions(set(LOSSES))],
    "quantile": [Interval(Real, 0, 1, closed="neither")],
    "delta": [Interval(Real, 0, None, closed="neither")],
}
