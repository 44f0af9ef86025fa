"""Confusion of classes of images, with examples."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from sknn.displays import ImageConfusionDisplay
from tests.estimators.samples import DIGITS, IMAGES, classifier


def frames(display):
    """What each cell says: its count, or nothing."""
    return np.array([[ax.get_title() for ax in line] for line in display.axes_])


def test_counts_and_examples(grey):
    display = ImageConfusionDisplay.from_estimator(grey, IMAGES, DIGITS)
    predicted = grey.predict(IMAGES)
    expected = confusion_matrix(DIGITS, predicted)
    np.testing.assert_array_equal(display.confusion_matrix, expected)
    np.testing.assert_array_equal(frames(display), np.where(expected, expected.astype(str), ""))
    confidence = grey.predict_proba(IMAGES).max(axis=1)
    for (row, column), image in display.examples.items():
        chosen = (grey.classes_[row] == DIGITS) & (predicted == grey.classes_[column])
        surest = np.flatnonzero(chosen)[confidence[chosen].argmax()]
        np.testing.assert_array_equal(image.ravel(), IMAGES[surest].ravel())


def test_flat_images_of_an_mlp_need_a_shape():
    X = IMAGES.reshape(len(IMAGES), -1)
    net = classifier().fit(X, DIGITS)
    with pytest.raises(ValueError, match="MLPClassifier has no image shape; give image_shape"):
        ImageConfusionDisplay.from_estimator(net, X, DIGITS)
    shape = IMAGES.shape[1:]
    display = ImageConfusionDisplay.from_estimator(net, X, DIGITS, image_shape=shape)
    assert next(iter(display.examples.values())).shape == shape


def test_colors_and_names(colour):
    net, images = colour
    names = [f"class {label}" for label in net.classes_]
    y = net.predict(images)
    figure = plt.figure()
    display = ImageConfusionDisplay.from_estimator(
        net, images, y, display_labels=names, figure=figure
    )
    assert display.figure_ is figure
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == names
    for image in display.examples.values():
        assert image.shape[-1] == 3
        assert image.min() >= 0


def test_classes_that_fit_did_not_see(grey):
    with pytest.raises(ValueError, match="y has the classes"):
        ImageConfusionDisplay.from_estimator(grey, IMAGES, DIGITS + 100)
