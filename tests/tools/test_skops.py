"""skops: `trusted_types` names all that a file may hold."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

import sknn
from sknn import layers, optimizers
from sknn.augmentation import Augmentation
from sknn.presets import ConvNet
from sknn.schedules import Cosine

sio = pytest.importorskip("skops.io", reason="needs skops")
X, Y = load_iris(return_X_y=True)
FEW = {"random_state": 0, "n_threads": 1}


@pytest.mark.parametrize(
    "estimator",
    [
        sknn.MLPClassifier(5, max_iter=3, solver=optimizers.Adam(), learning_rate=Cosine(), **FEW),
        sknn.MLPRegressor(max_iter=3, **FEW),
        sknn.CNNClassifier(
            ConvNet((2,)), image_shape=(2, 2), augmentation=Augmentation(shift=1), max_iter=1, **FEW
        ),
        sknn.CNNRegressor(
            [layers.Conv2D(2, 2), layers.BatchNorm()], image_shape=(2, 2), max_iter=1, **FEW
        ),
        sknn.MLPMixerClassifier(image_shape=(2, 2), n_blocks=1, max_iter=1, **FEW),
        sknn.MLPMixerRegressor(image_shape=(2, 2), n_blocks=1, max_iter=1, **FEW),
        sknn.TabularClassifier("fast", categorical_features=[1], max_iter=3, **FEW),
        sknn.TabularRegressor("fast", max_iter=3, **FEW),
        sknn.PerceptronClassifier(max_iter=3),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_no_other_type_is_asked_for(estimator):
    fitted = estimator.fit(X, Y)
    loaded = sio.loads(sio.dumps(fitted), trusted=sknn.trusted_types())
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
