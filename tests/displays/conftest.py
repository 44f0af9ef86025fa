"""Fitted networks to look into, and a check that nothing of matplotlib's global state is left."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is absent")
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

from sknn.augmentation import Augmentation
from sknn.layers import BatchNorm, Conv2D, Flatten, MaxPool2D, Residual
from tests.estimators.samples import DIGITS, IMAGES, cnn


@pytest.fixture(autouse=True)
def clean_matplotlib():
    """Settings stay as they are; figures are closed."""
    before = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="session")
def grey():
    """A CNN on 8 x 8 pixels: Conv2D(4), MaxPool2D, Dense."""
    return cnn(augmentation=Augmentation(shift=1)).fit(IMAGES, DIGITS)


@pytest.fixture(scope="session")
def colour():
    """A CNN on (6, 8, 3) with weights in front of its second convolution, and its images."""
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 8, 3)).astype(np.uint8)
    inner = [Conv2D(5, 3, padding="same"), BatchNorm()]
    layers = [Conv2D(5, 2), Residual(inner), BatchNorm(), Conv2D(7, 3), MaxPool2D(2), Flatten()]
    return cnn(layers=layers).fit(images, np.arange(40) % 2), images
