"""The two tables of the comparison: the data sets and the models, a line for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import datasets, ensemble, linear_model, neural_network
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknn

# Both libraries' perceptrons get these, and each library's defaults for the rest. Data sets of a few
# hundred samples give few steps per epoch, hence ten times the default rate.
NET = {"learning_rate_init": 0.01}


@dataclass(frozen=True)
class Data:
    """One loaded data set."""

    name: str
    X: np.ndarray
    y: np.ndarray
    is_regression: bool
    image_shape: tuple[int, int] | None = None  # of a row, if it is an image

    @property
    def metric(self):
        """What ``score`` returns for it."""
        return "R²" if self.is_regression else "accuracy"

    @property
    def size(self):
        """Its size in words: "150 samples, 4 features, 3 classes"."""
        samples, features = self.X.shape
        kind = "regression" if self.is_regression else f"{len(np.unique(self.y))} classes"
        return f"{samples} samples, {features} features, {kind}"


@dataclass(frozen=True)
class Source:
    """A data set that scikit-learn bundles: the name of its loader and the kind of its target."""

    name: str
    is_regression: bool = False
    image_shape: tuple[int, int] | None = None

    def load(self):
        """Load it; nothing is downloaded."""
        X, y = getattr(datasets, f"load_{self.name}")(return_X_y=True)
        return Data(self.name, X, y, self.is_regression, self.image_shape)


@dataclass(frozen=True)
class Model:
    """One line of the table: a label, and how to make the estimator for either kind of target."""

    label: str
    classifier: Callable[[int], BaseEstimator] | None
    regressor: Callable[[int], BaseEstimator] | None
    description: str
    for_images: bool = False

    def fits(self, data):
        """Tell whether this model has an estimator for the data's rows and kind of target."""
        is_usable = data.image_shape is not None or not self.for_images
        return is_usable and self._maker(data) is not None

    def make(self, data, seed):
        """Make a new estimator for the data's rows and kind of target."""
        estimator = self._maker(data)(seed)
        return estimator.set_params(image_shape=data.image_shape) if self.for_images else estimator

    def _maker(self, data):
        return self.regressor if data.is_regression else self.classifier


def _plain(estimator_class: type, **params: Any) -> Callable[[int], BaseEstimator]:
    """Return a maker of the estimator as it is."""
    return lambda seed: estimator_class(random_state=seed, **params)


def _scaled(estimator_class: type, **params: Any) -> Callable[[int], BaseEstimator]:
    """Return a maker of the estimator after a StandardScaler."""
    return lambda seed: make_pipeline(
        StandardScaler(), estimator_class(random_state=seed, **params)
    )


DATA = {
    source.name: source
    for source in (
        Source("digits", image_shape=(8, 8)),
        Source("breast_cancer"),
        Source("wine"),
        Source("iris"),
        Source("diabetes", is_regression=True),
    )
}

MODELS = {
    "sknn-mlp": Model(
        "sknn MLP",
        _scaled(sknn.MLPClassifier, **NET),
        _scaled(sknn.MLPRegressor, **NET),
        "sknn's MLPClassifier / MLPRegressor, scaled input",
    ),
    "sknn-cnn": Model(
        "sknn CNN",
        _plain(sknn.CNNClassifier),
        _plain(sknn.CNNRegressor),
        "sknn's CNNClassifier as it is, on the data set of images",
        for_images=True,
    ),
    "sknn-tabular": Model(
        "sknn tabular",
        _plain(sknn.TabularClassifier),
        _plain(sknn.TabularRegressor),
        "sknn's TabularClassifier / TabularRegressor as they are",
    ),
    "sknn-tabular-fast": Model(
        "sknn tabular, fast",
        _plain(sknn.TabularClassifier, effort="fast"),
        _plain(sknn.TabularRegressor, effort="fast"),
        'the same with effort="fast"',
    ),
    "sklearn-mlp": Model(
        "scikit-learn MLP",
        _scaled(neural_network.MLPClassifier, **NET),
        _scaled(neural_network.MLPRegressor, **NET),
        "scikit-learn's MLPClassifier / MLPRegressor, same parameters, scaled input",
    ),
    "forest": Model(
        "random forest",
        _plain(ensemble.RandomForestClassifier),
        _plain(ensemble.RandomForestRegressor),
        "RandomForestClassifier / RandomForestRegressor",
    ),
    "boosting": Model(
        "gradient boosting",
        _plain(ensemble.HistGradientBoostingClassifier),
        _plain(ensemble.HistGradientBoostingRegressor),
        "HistGradientBoostingClassifier / HistGradientBoostingRegressor",
    ),
    "linear": Model(
        "linear model",
        _scaled(linear_model.LogisticRegression),
        _scaled(linear_model.Ridge),
        "LogisticRegression / Ridge, scaled input",
    ),
}
