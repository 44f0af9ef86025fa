"""The Displays: what they show, where they draw, and what they refuse."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as ScikitLearnMLP
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier
from sknn.displays import FeatureMapDisplay, FilterDisplay, LossCurveDisplay
from sknn.displays._panels import _best_columns
from tests.estimators.samples import DIGITS, IMAGES, classifier, cnn, tabular


def titles(display):
    return [ax.get_title() for ax in display.axes_.flat if ax.axison]


# ---- filters -------------------------------------------------------------------------------------


def test_filters_of_one_channel(grey):
    display = FilterDisplay.from_estimator(grey)
    np.testing.assert_array_equal(display.kernels, grey.coefs_[0])
    assert display.layer == 1
    assert display.figure_.get_suptitle() == "4 filters of 3 × 3 of layer 1"
    largest = np.abs(grey.coefs_[0]).max()
    for number, image in enumerate(display.images_):
        np.testing.assert_allclose(image.get_array(), grey.coefs_[0][:, :, 0, number], rtol=1e-6)
        assert image.get_clim() == pytest.approx((-largest, largest))
    assert sum(ax.axison for ax in display.axes_.flat) == 4


def test_filters_of_three_channels_are_in_colour(colour):
    net, _ = colour
    display = FilterDisplay.from_estimator(net, common_scale=False)
    kernel = net.coefs_[0][..., 2].astype(float)
    expected = 0.5 + 0.5 * kernel / np.abs(kernel).max()
    np.testing.assert_allclose(display.images_[2].get_array(), expected)
    green = FilterDisplay.from_estimator(net, channel=1, cmap="PuOr")
    np.testing.assert_allclose(green.images_[2].get_array(), kernel[:, :, 1])
    assert green.images_[2].get_cmap().name == "PuOr"


@pytest.mark.parametrize("layer", [4, -3])
def test_weights_of_the_layers_before_are_counted(colour, layer):
    net, _ = colour
    display = FilterDisplay.from_estimator(net, layer, filters=[6, 0])
    assert display.layer == 4
    assert display.kernels.shape == (3, 3, 5, 7)
    means = display.kernels.mean(axis=2)
    np.testing.assert_allclose(display.images_[0].get_array(), means[..., 6], rtol=1e-5, atol=1e-8)
    assert len(display.images_) == 2


def test_a_kernel_of_zeros_can_be_drawn():
    display = FilterDisplay(kernels=np.zeros((3, 3, 3, 2))).plot()
    assert (display.images_[0].get_array() == 0.5).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 2}, r"layer=2 is MaxPool2D.*convolutions are the layers 1\."),
        ({"layer": 0}, "layer=0 is the input"),
        ({"layer": 9}, "it has 3 hidden layers"),
        ({"filters": 4}, "filters 0 to 3"),
        ({"filters": []}, "filters 0 to 3"),
        ({"channel": 1}, "one of 0 to 0"),
        ({"channel": "all"}, '"mean"'),
    ],
)
def test_filters_that_are_not_there(grey, options, message):
    with pytest.raises(ValueError, match=message):
        FilterDisplay.from_estimator(grey, **options)


# ---- feature maps --------------------------------------------------------------------------------


def test_feature_maps_stand_behind_the_image(grey):
    display = FeatureMapDisplay.from_estimator(grey, IMAGES[3])
    maps = grey.feature_maps(IMAGES[3:4])[0]
    assert display.image.shape == (8, 8, 1)
    np.testing.assert_array_equal(display.maps, maps)
    np.testing.assert_array_equal(display.images_[0].get_array(), IMAGES[3])
    for number in range(4):
        np.testing.assert_array_equal(display.images_[1 + number].get_array(), maps[..., number])
        assert display.images_[1 + number].get_clim() == (maps.min(), maps.max())
    assert titles(display) == ["image", "0", "1", "2", "3"]
    assert display.figure_.get_suptitle() == "feature maps of layer 1"


def test_feature_maps_each_on_its_own_scale(colour):
    net, images = colour
    display = FeatureMapDisplay.from_estimator(net, images[0], -3, filters=(5,), common_scale=False)
    shown = display.maps[..., 5]
    assert display.layer == 4
    assert display.images_[1].get_clim() == (shown.min(), shown.max())
    assert titles(display) == ["image", "5"]
    np.testing.assert_allclose(display.images_[0].get_array(), images[0] / 255)


def test_images_of_a_pipeline_and_with_channels_first(colour):
    net, images = colour
    stored = images.transpose(0, 3, 1, 2)
    first = CNNClassifier(net.layers[:1], channels_first=True, max_iter=1, random_state=0)
    first.fit(stored, np.arange(40) % 2)
    display = FeatureMapDisplay.from_estimator(first, stored[1])
    np.testing.assert_array_equal(display.image, images[1])

    flat = IMAGES.reshape(len(IMAGES), -1)
    model = make_pipeline(StandardScaler(), cnn(image_shape=(8, 8))).fit(flat, DIGITS)
    display = FeatureMapDisplay.from_estimator(model, flat[2])
    np.testing.assert_array_equal(display.image[..., 0], IMAGES[2])
    scaled = model[:-1].transform(flat[2:3])
    np.testing.assert_array_equal(display.maps, model[-1].feature_maps(scaled)[0])
    assert FilterDisplay.from_estimator(model).kernels is model[-1].coefs_[0]


def test_layers_without_maps_are_refused(grey):
    with pytest.raises(ValueError, match="has no maps"):
        FeatureMapDisplay.from_estimator(grey, IMAGES[0], 3)


# ---- where it is drawn ---------------------------------------------------------------------------


def test_one_subplot_is_divided(grey):
    figure, (left, right) = plt.subplots(1, 2)
    display = FilterDisplay.from_estimator(grey, ax=left, n_columns=2)
    assert display.figure_ is figure
    assert display.axes_.shape == (2, 2)
    assert not left.axison
    assert right.axison
    assert figure.get_suptitle() == ""


def test_axes_of_the_users(grey):
    _, axes = plt.subplots(2, 3)
    display = FilterDisplay.from_estimator(grey, ax=axes)
    assert display.axes_.shape == (2, 3)
    assert [ax.axison for ax in axes.flat] == [True] * 4 + [False] * 2
    with pytest.raises(ValueError, match="ax has 3 axes, FilterDisplay draws 4 panels"):
        FilterDisplay.from_estimator(grey, ax=axes[0])
    with pytest.raises(ValueError, match="not in a grid"):
        FilterDisplay.from_estimator(grey, ax=plt.figure().add_axes((0, 0, 1, 1)))


def test_columns():
    assert [_best_columns(n) for n in (1, 4, 6, 9, 13, 16, 17, 32, 64)] == [
        2, 4, 6, 5, 6, 8, 6, 8, 16
    ]  # fmt: skip


# ---- loss curves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [cnn, classifier])
def test_both_curves(make):
    fitted = make(early_stopping=True).fit(IMAGES if make is cnn else IMAGES[:, 0], DIGITS)
    display = LossCurveDisplay.from_estimator(fitted, name="net", log_scale=True)
    epochs = np.arange(1, fitted.n_iter_ + 1)
    np.testing.assert_array_equal(display.line_.get_xydata().T, [epochs, fitted.loss_curve_])
    np.testing.assert_array_equal(
        display.validation_line_.get_xydata().T, [epochs, fitted.validation_loss_curve_]
    )
    ax = display.ax_
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["net, training", "net, validation"]


def test_networks_share_axes_and_need_no_validation(grey):
    figure, ax = plt.subplots()
    display = LossCurveDisplay.from_estimator(grey, ax=ax, line_kw={"color": "k"})
    assert display.validation_line_ is None
    assert display.line_.get_color() == "k"
    assert (display.ax_, display.figure_) == (ax, figure)
    other = ScikitLearnMLP(max_iter=2, random_state=0).fit(IMAGES[:, 0], DIGITS)
    assert LossCurveDisplay.from_estimator(other, ax=ax, name="other").line_ in ax.lines
    assert len(ax.lines) == 2


def test_an_ensemble_has_a_curve_for_each_member():
    net = tabular(n_members=3, max_iter=4).fit(IMAGES[:, 0, :5], DIGITS)
    display = LossCurveDisplay.from_estimator(net, name="net")
    assert len(display.line_) == len(display.validation_line_) == 3
    for line, dashed, member in zip(
        display.line_, display.validation_line_, net.estimators_, strict=True
    ):
        np.testing.assert_array_equal(line.get_ydata(), member.loss_curve)
        np.testing.assert_array_equal(dashed.get_ydata(), member.validation_losses)
        assert line.get_color() == dashed.get_color() == display.line_[0].get_color()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["net, training", "net, validation"]


def test_a_search_shows_its_best_network():
    pipeline = make_pipeline(StandardScaler(), classifier(max_iter=2))
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.1, 1.0]}, cv=2)
    search.fit(IMAGES[:, 0], DIGITS)
    display = LossCurveDisplay.from_estimator(search)
    best = search.best_estimator_[-1]
    np.testing.assert_array_equal(display.line_.get_ydata(), best.loss_curve_)


def test_filters_and_maps_of_a_search(grey):
    search = GridSearchCV(cnn(max_iter=1), {"alpha": [0.1]}, cv=2).fit(IMAGES, DIGITS)
    best = search.best_estimator_
    np.testing.assert_array_equal(FilterDisplay.from_estimator(search).kernels, best.coefs_[0])
    image = FeatureMapDisplay.from_estimator(search, IMAGES[0])
    np.testing.assert_array_equal(image.maps, best.feature_maps(IMAGES[:1])[0])


# ---- what they refuse ----------------------------------------------------------------------------

ALL = [
    lambda estimator: FilterDisplay.from_estimator(estimator),
    lambda estimator: FeatureMapDisplay.from_estimator(estimator, IMAGES[0]),
    lambda estimator: LossCurveDisplay.from_estimator(estimator),
]


@pytest.mark.parametrize("show", ALL)
def test_networks_must_be_fitted(show):
    with pytest.raises(NotFittedError):
        show(CNNClassifier())


@pytest.mark.parametrize("show", ALL[:2])
def test_an_mlp_has_no_filters(show):
    fitted = MLPClassifier(max_iter=1, random_state=0).fit(IMAGES[:, 0], DIGITS)
    with pytest.raises(ValueError, match="networks on images.*; MLPClassifier is none"):
        show(fitted)


def test_what_has_no_loss_curve():
    with pytest.raises(ValueError, match="StandardScaler has no loss_curve_"):
        LossCurveDisplay.from_estimator(StandardScaler().fit(IMAGES[:, 0]))


@pytest.mark.parametrize("show", ALL)
def test_without_matplotlib_the_error_names_the_extra(show, grey, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"needs matplotlib; .*sknn\[plot\]"):
        show(grey)
