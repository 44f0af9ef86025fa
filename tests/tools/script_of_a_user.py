"""What users write: type checkers in strict mode must know the type of everything here."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import sknn
from sknn import (
    CNNClassifier,
    MLPClassifier,
    MLPMixerClassifier,
    MLPRegressor,
    PerceptronClassifier,
    TabularClassifier,
    TabularRegressor,
)
from sknn.augmentation import Augmentation
from sknn.displays import FeatureMapDisplay, FilterDisplay, LossCurveDisplay
from sknn.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual
from sknn.network.summary import Summary
from sknn.optimizers import SGD, Adam
from sknn.presets import ConvNet, LeNet5
from sknn.schedules import OneCycle


def script() -> None:
    # a function: it is checked, not run
    X = np.zeros((10, 64))
    y = np.zeros(10, dtype=np.int64)

    net = MLPClassifier(
        (10, 10), batch_size=32, solver=Adam(), learning_rate=OneCycle(), class_weight={0: 2}
    ).fit(X, y, X_val=X, y_val=y)
    assert_type(net, MLPClassifier)
    assert_type(net.partial_fit(X, y), MLPClassifier)
    assert_type(net.set_params(alpha=0.1), MLPClassifier)
    assert_type(net.loss_curve_, list[float])
    assert_type(net.score(X, y), float)
    assert_type(net.summary(), Summary)
    assert_type(net.summary().n_parameters, int)
    print(net.predict_proba(X)[:, 1], net.alpha)
    assert_type(net.get_weights()[0].shape, tuple[Any, ...])

    net = MLPClassifier("256x3", solver="lbfgs", random_state=np.random.RandomState(0))
    MLPClassifier(activation="rleu")  # type: ignore[arg-type]  # mypy wants an error here
    MLPRegressor("huber", n_iter_no_change=np.inf, dropout=[0.1, 0.2], solver=SGD(momentum=0.8))

    layers = [
        Conv2D(8, (3, 3), padding="same"),
        BatchNorm(),
        Residual([Conv2D(8, 3, padding=1)]),
        MaxPool2D(2),
        Flatten(),
        Dropout(0.5),
        Dense(10, "tanh"),
    ]
    cnn = CNNClassifier(layers, image_shape=(8, 8), augmentation=Augmentation(shift=2)).fit(X, y)
    assert_type(cnn, CNNClassifier)
    assert_type(cnn.feature_maps(X), NDArray[Any])
    CNNClassifier(LeNet5(), max_iter="auto")
    CNNClassifier(ConvNet((16, 32), batch_norm=True), max_iter=3)
    assert_type(MLPMixerClassifier(patch_size=4).fit(X, y), MLPMixerClassifier)

    tabular = TabularClassifier(effort="fast", n_members=2, max_iter=5, verbose=True).fit(X, y)
    assert_type(tabular, TabularClassifier)
    assert_type(tabular.temperature_, float)
    assert_type(tabular.feature_importances_, NDArray[Any])
    print(TabularRegressor(loss="quantile", quantile=0.1, scoring="r2").fit(X, y).predict(X).min())
    assert_type(PerceptronClassifier().fit(X, y), PerceptronClassifier)

    assert_type(LossCurveDisplay.from_estimator(net), LossCurveDisplay)
    FilterDisplay.from_estimator(cnn, n_columns=4)
    FeatureMapDisplay.from_estimator(cnn, X[0], layer=1)
    sknn.show_versions()
    assert_type(sknn.trusted_types(), list[str])
