"""A network drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn.displays import NetworkDisplay
from tests.estimators.samples import DIGITS, IMAGES, classifier, tabular


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_layers_shapes_and_parameters(grey):
    display = NetworkDisplay.from_estimator(grey)
    rows = grey.summary().rows
    assert texts(display)[::2] == ["input", *(row.name for row in rows)]
    for row, text in zip(rows, texts(display)[3::2], strict=True):
        shape, _, count = text.partition("   ")
        assert shape == " × ".join(map(str, np.atleast_1d(row.output_shape)))
        assert count == (f"{row.n_parameters:,} parameters" if row.n_parameters else "")
    assert len(display.boxes_) == len(rows) + 1
    assert display.ax_.get_title() == f"{grey.summary().n_parameters:,} parameters"


def test_boxes_join_and_the_most_parameters_are_darkest():
    net = classifier(hidden_layer_sizes=(30, 3)).fit(IMAGES[:, 0], DIGITS)
    display = NetworkDisplay.from_estimator(
        make_pipeline(StandardScaler(), net).fit(IMAGES[:, 0], DIGITS)
    )
    for above, below in zip(display.boxes_, display.boxes_[1:], strict=False):
        assert above.get_xy()[2, 0] == below.get_xy()[1, 0]
    brightness = [sum(box.get_facecolor()[:3]) for box in display.boxes_]
    assert brightness[0] == 3
    most = np.argmax([row.n_parameters for row in net.summary().rows])
    assert np.argmin(brightness) == 1 + most


def test_axes_of_the_users(grey):
    figure, ax = plt.subplots()
    display = NetworkDisplay(summary=grey.summary()).plot(ax, cmap="Reds")
    assert (display.ax_, display.figure_) == (ax, figure)


def test_an_ensemble_is_refused():
    with pytest.raises(ValueError, match="TabularClassifier is none"):
        NetworkDisplay.from_estimator(tabular(max_iter=1).fit(IMAGES[:, 0, :5], DIGITS))
