"""Subclasses with an ``__init__`` of their own, which fixes, adds or passes on parameters."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

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
from sknn.augmentation import Augmentation
from sknn.layers import BatchNorm, Conv2D, Dense, Residual
from sknn.optimizers import Adam
from sknn.schedules import Cosine
from tests.estimators.samples import SMALL, SMALL_CNN, SMALL_MIXER, SMALL_TABULAR, X, Y

#: each estimator, and what makes it small
ESTIMATORS = {
    MLPClassifier: SMALL,
    MLPRegressor: SMALL,
    CNNClassifier: SMALL_CNN,
    CNNRegressor: SMALL_CNN,
    MLPMixerClassifier: {**SMALL_MIXER, "patch_size": (1, 2)},
    MLPMixerRegressor: {**SMALL_MIXER, "patch_size": (1, 2)},
    TabularClassifier: SMALL_TABULAR,
    TabularRegressor: SMALL_TABULAR,
    PerceptronClassifier: {"max_iter": 3},
}


def fixing(base):
    """Fixes all parameters but one."""

    class Fixing(base):
        def __init__(self, random_state=0):
            super().__init__(**{**ESTIMATORS[base], "random_state": random_state})

    return Fixing


def adding(base):
    """Adds a parameter to one that it passes on: a subclass of a subclass."""

    class Adding(fixing(base)):
        def __init__(self, random_state=0, extra=1):
            super().__init__(random_state)
            self.extra = extra

    return Adding


def passing(base):
    """Passes on whatever it is given."""

    class Passing(base):
        def __init__(self, **parameters):
            super().__init__(**{**ESTIMATORS[base], "random_state": 0, **parameters})

    return Passing


NAMES = {fixing: {"random_state"}, adding: {"random_state", "extra"}, passing: set()}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("make", NAMES)
@pytest.mark.parametrize("base", ESTIMATORS)
def test_they_fit_as_their_base_and_are_cloned(base, make):
    wanted = base(**{**ESTIMATORS[base], "random_state": 0}).fit(X, Y)
    own = clone(make(base)()).fit(X, Y)
    np.testing.assert_array_equal(own.predict(X), wanted.predict(X))
    assert own.get_params(deep=False).keys() == NAMES[make]


@pytest.mark.parametrize("base", [MLPClassifier, CNNRegressor, TabularClassifier])
def test_they_are_searched(base):
    found, wanted = (
        GridSearchCV(estimator, {"random_state": [0, 1]}, cv=2).fit(X, Y)
        for estimator in (adding(base)(), base(**ESTIMATORS[base]))
    )
    scores = found.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(scores, wanted.cv_results_["mean_test_score"])


class Fixed(CNNClassifier):
    """At the top of a module, so that it can be pickled."""

    def __init__(self, alpha=0.5):
        super().__init__([Dense(3)], alpha=alpha, max_iter=3, random_state=0)


def test_they_are_pickled_and_hide_what_they_fix():
    fitted = Fixed().set_params(alpha=0.1).fit(X, Y)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert loaded.get_params() == {"alpha": 0.1}
    with pytest.raises(ValueError, match="Invalid parameter 'layers'"):
        fitted.set_params(layers=None)
    with pytest.raises(ValueError, match="alpha"):
        Fixed(alpha=-1).fit(X, Y)


class Computed(MLPClassifier):
    """Has a property for a parameter."""

    @property
    def n_threads(self):
        return 1

    @n_threads.setter
    def n_threads(self, value):
        if value is not None:
            raise ValueError(f"n_threads={value!r} is always 1.")


def test_a_parameter_may_be_a_property():
    computed, wanted = (base(**SMALL).fit(X, Y) for base in (Computed, MLPClassifier))
    np.testing.assert_array_equal(computed.predict_proba(X), wanted.predict_proba(X))


class WithoutMomentum(MLPClassifier):
    """Has a property for a parameter that scikit-learn's MLP alone has."""

    momentum = property(lambda self: 0.0, lambda self, value: None)
    shuffle = property(lambda self: False, lambda self, value: None)


def test_properties_are_what_is_trained_with():
    own = WithoutMomentum(**SMALL, solver="sgd").fit(X, Y)
    wanted = MLPClassifier(**SMALL, solver="sgd", momentum=0.0, shuffle=False).fit(X, Y)
    np.testing.assert_array_equal(own.predict_proba(X), wanted.predict_proba(X))


# ---- of layers, optimizers, schedules and augmentation ---------------------------------------------


def fixed(base, **values):
    """Fixes all of its parameters, so that ``get_params`` shows none."""

    class Hidden(base):
        def __init__(self):
            super().__init__(**values)

    return Hidden()


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"layers": [fixed(Conv2D, filters=2, kernel_size=1, groups=0)]}, "groups"),
        ({"layers": [fixed(Conv2D, filters=2.7, kernel_size=1)]}, "filters"),
        ({"layers": [Residual([fixed(BatchNorm, momentum=7)])]}, "momentum"),
        ({"solver": fixed(Adam, beta_1=3.0)}, "beta_1"),
        ({"learning_rate": fixed(Cosine, final=3.0)}, "final"),
        ({"augmentation": fixed(Augmentation, rotation=-1.0)}, "rotation"),
    ],
)
def test_what_they_fix_is_validated(parameters, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of Hidden"):
        CNNClassifier(**{**SMALL_CNN, **parameters}).fit(X, Y)
