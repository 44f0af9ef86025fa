"""scikit-learn's own checks, on many instances."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknn import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPMixerClassifier,
    MLPMixerRegressor,
    MLPRegressor,
    PerceptronClassifier,
    TabularClassifier,
    TabularRegressor,
)
from sknn.layers import Conv2D, Dense
from sknn.optimizers import SGD, Adam
from sknn.presets import ConvNet
from sknn.schedules import Cosine

BOTH = [
    {},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.01},
    {"solver": SGD(momentum=0.5), "learning_rate_init": 0.03, "n_threads": 2},
    {"solver": Adam(beta_1=0.8), "dtype": "float64"},
    {"solver": "lbfgs", "hidden_layer_sizes": 10},
    {"solver": "lbfgs", "hidden_layer_sizes": ()},
    {"dtype": None},
    {"hidden_layer_sizes": "20x2", "activation": ("gelu", "tanh"), "learning_rate_init": 0.01},
    {"dropout": 0.1},
    {"early_stopping": True},
    {"early_stopping": "auto", "max_time": 60},
    {
        "learning_rate": Cosine(final=0.1),
        "learning_rate_init": 0.01,
        "warmup": 0.1,
        "clip_norm": 10.0,
    },
]
CLASSIFIERS = [
    {"class_weight": "balanced"},
    {"class_weight": "balanced", "solver": "lbfgs", "hidden_layer_sizes": 10, "dtype": None},
    {"label_smoothing": 0.1},
]
REGRESSORS = [
    {"loss": "huber", "learning_rate_init": 0.01},
    {"loss": "absolute_error", "learning_rate_init": 0.01},
    {"loss": "quantile", "quantile": 0.4, "learning_rate_init": 0.01},
]

CNNS = [
    {},
    {"layers": ConvNet(8), "channels_first": True, "dtype": None},
    {"layers": ConvNet((4, 4)), "solver": "lbfgs", "max_iter": 50},
    {
        "layers": [Conv2D(8, (1, 3), padding="same"), Dense(32, activation="tanh"), Dense(16)],
        "learning_rate": "constant",
        "learning_rate_init": 0.01,
    },
    {"layers": ConvNet(8, dropout=0.1), "test_time_augmentation": True},
]

SMALL_MIXER = {"n_blocks": 1, "hidden_dim": 16}
MIXERS = [
    MLPMixerClassifier(),
    MLPMixerRegressor(),
    MLPMixerClassifier(**SMALL_MIXER, patch_size=2, channels_first=True, dtype=None),
    MLPMixerClassifier(**SMALL_MIXER, solver="lbfgs", max_iter=50),
    MLPMixerRegressor(**SMALL_MIXER, dropout=0.1, test_time_augmentation=True),
]

TABULAR = [
    {"effort": "fast"},
    {"max_iter": 20, "n_estimators": 2},
    {
        "max_iter": 20,
        "n_estimators": 1,
        "refit": True,
        "hidden_layer_sizes": 32,
        "dtype": "float64",
    },
]

NO_TWINS = "a holdout or random masks: a row of weight 2 is not a row that is there twice"
NO_PARTIAL_FIT = "partial_fit raises with early_stopping=True, as scikit-learn's own tests demand"

BLIND = "an accuracy with weights of 1000 and 0.0001 sees one class; scoring='loss' sees both"


def excused(estimator):
    """The only failures that are expected, and why."""
    parameters = estimator.get_params()
    holdout = parameters.get("early_stopping") is True
    checks = {}
    if holdout or parameters.get("dropout"):
        checks["check_sample_weight_equivalence_on_dense_data"] = NO_TWINS
        checks["check_sample_weight_equivalence_on_sparse_data"] = NO_TWINS
    if holdout:
        if "class_weight" in parameters:
            checks["check_class_weight_classifiers"] = BLIND
        checks["check_fit_score_takes_y"] = NO_PARTIAL_FIT
        checks["check_n_features_in_after_fitting"] = NO_PARTIAL_FIT
        checks["check_estimators_partial_fit_n_features"] = NO_PARTIAL_FIT
    return checks


INSTANCES = [MLPClassifier(**p) for p in BOTH + CLASSIFIERS]
INSTANCES += [MLPRegressor(**p) for p in BOTH + REGRESSORS]
INSTANCES += [cls(**p) for p in CNNS for cls in (CNNClassifier, CNNRegressor)]
INSTANCES += MIXERS
INSTANCES += [cls(**p) for p in TABULAR for cls in (TabularClassifier, TabularRegressor)]
INSTANCES += [PerceptronClassifier(), PerceptronClassifier(learning_rate=0.1, shuffle=False)]
#: the default run: every estimator, every solver of another kind, what has failed before
CORE = {
    *(repr(cls()) for cls in (MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor)),
    *(repr(cls(effort="fast")) for cls in (TabularClassifier, TabularRegressor)),
    repr(MLPClassifier(solver="lbfgs", hidden_layer_sizes=10)),
    repr(MLPRegressor(dtype=None)),
    repr(MLPClassifier(class_weight="balanced")),
    repr(MLPClassifier(early_stopping=True)),
    repr(CNNClassifier(**CNNS[1])),
    repr(CNNRegressor(**CNNS[3])),
    repr(TabularClassifier(**TABULAR[2])),
    repr(PerceptronClassifier()),
    *map(repr, MIXERS[2:4]),
}
MORE = [estimator for estimator in INSTANCES if repr(estimator) not in CORE]


@pytest.mark.filterwarnings("ignore:validation_fraction:UserWarning")
@pytest.mark.filterwarnings("ignore:.* taken as a signal:UserWarning")
@parametrize_with_checks(
    [estimator for estimator in INSTANCES if repr(estimator) in CORE],
    expected_failed_checks=excused,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:validation_fraction:UserWarning")
@pytest.mark.filterwarnings("ignore:.* taken as a signal:UserWarning")
@parametrize_with_checks(MORE, expected_failed_checks=excused)
def test_scikit_learns_checks_of_more(estimator, check):
    check(estimator)
