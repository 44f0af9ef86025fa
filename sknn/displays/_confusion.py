"""Which classes of images are taken for which, with an example of each error."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix

from sknn._types import Samples
from sknn.displays._panels import import_pyplot, split_pipeline

#: opacity of the frame of a rare error, which is to be seen
FAINTEST = 0.25


class ImageConfusionDisplay:
    """A confusion matrix of classes of images: in each cell the count, and one of the images.

    A row is a true class, a column a predicted one. The diagonal is blue, errors are red, the stronger the more of
    the class they are. The image is the one that the estimator is surest of: its worst error.
    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    confusion_matrix : ndarray of shape (n_classes, n_classes)
        Number of images of each true class, the rows, and each predicted class.
    examples : dict
        For (row, column) an image of shape (h, w) or (h, w, 3); cells without images are not among them.
    display_labels : sequence or None, default=None
        Names of the classes; None takes numbers.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    axes_ : ndarray of matplotlib Axes of shape (n_classes, n_classes)
        One for each cell.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Without images.
    FeatureMapDisplay : What a network computes of an image.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn import CNNClassifier
    >>> from sknn.displays import ImageConfusionDisplay
    >>> X, y = load_digits(n_class=4, return_X_y=True)
    >>> net = CNNClassifier(image_shape=(8, 8), max_iter=1, random_state=0).fit(X[:300], y[:300])
    >>> display = ImageConfusionDisplay.from_estimator(net, X[300:], y[300:])
    """

    def __init__(
        self,
        *,
        confusion_matrix: ArrayLike,
        examples: dict[tuple[int, int], Any],
        display_labels: Sequence[Any] | None = None,
    ) -> None:
        self.confusion_matrix = confusion_matrix
        self.examples = examples
        self.display_labels = display_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Samples,
        y: ArrayLike,
        *,
        image_shape: Sequence[int] | None = None,
        display_labels: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Self:
        """The confusion matrix of a fitted classifier on these images.

        Parameters
        ----------
        estimator : classifier, Pipeline that ends with one, or search
            The fitted classifier, with probabilities.
        X : images
            Images of shape (n, h, w), (n, h, w, c) or, with their shape, (n, n_features).
        y : array-like of shape (n,)
            Their classes.
        image_shape : (h, w) or (h, w, c), default=None
            Shape of an image in X, where X is of shape (n, n_features); None takes that of a CNN.
        display_labels : sequence or None, default=None
            Names of the classes; None takes the classes.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : ImageConfusionDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        _, network = split_pipeline(estimator)
        classes = estimator.classes_
        P, y = np.asarray(estimator.predict_proba(X)), np.asarray(y)
        if P.ndim != 2 or y.ndim != 1:
            raise ValueError(f"{cls.__name__} shows one column of classes; y has several.")
        unknown = np.setdiff1d(y, classes)
        if len(unknown):
            raise ValueError(
                f"y has the classes {list(unknown)}, which the estimator does not know."
            )
        true, predicted = np.searchsorted(classes, y), P.argmax(axis=1)
        images = _images(X, network, image_shape)
        order = np.argsort(P.max(axis=1))  # the surest comes last, and stays
        display = cls(
            confusion_matrix=confusion_matrix(true, predicted, labels=range(len(classes))),
            examples={(true[i], predicted[i]): images[i] for i in order},
            display_labels=classes if display_labels is None else display_labels,
        )
        return display.plot(**kwargs)

    def plot(self, *, figure: Any = None, cmap: Any = "gray") -> Self:
        """Draw the matrix.

        Parameters
        ----------
        figure : matplotlib Figure or None, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="gray"
            Colors of images with one channel.

        Returns
        -------
        display : ImageConfusionDisplay
            The display.
        """
        plt = import_pyplot(type(self).__name__)
        matrix = np.asarray(self.confusion_matrix)
        n_classes = len(matrix)
        labels = range(n_classes) if self.display_labels is None else self.display_labels
        if figure is None:
            figure = plt.figure(figsize=(0.8 * n_classes + 0.8,) * 2, layout="constrained")
        self.axes_ = figure.subplots(n_classes, n_classes, squeeze=False)
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        for (row, column), ax in np.ndenumerate(self.axes_):
            ax.set(xticks=[], yticks=[])
            self._draw_cell(ax, row, column, matrix[row, column], shares[row, column], cmap)
        for ax, label in zip(self.axes_[:, 0], labels, strict=True):
            ax.set_ylabel(str(label), rotation=0, ha="right", va="center")
        for ax, label in zip(self.axes_[-1], labels, strict=True):
            ax.set_xlabel(str(label))
        figure.supxlabel("predicted")
        figure.supylabel("true")
        self.figure_ = figure
        return self

    def _draw_cell(self, ax, row, column, count, share, cmap):
        """The image of a cell, its count, and a frame in the color of its share."""
        if not count:
            ax.set_frame_on(False)
            return
        color = "tab:blue" if row == column else "tab:red"
        ax.imshow(self.examples[row, column], cmap=cmap)
        for spine in ax.spines.values():
            spine.set(color=color, linewidth=3, alpha=FAINTEST + (1 - FAINTEST) * share)
        ax.set_title(str(count), color=color, fontsize="small", pad=2)


def _images(X, network, image_shape):
    """Images (n, h, w) or (n, h, w, 3), with values that imshow takes."""
    X = np.asarray(X)
    if image_shape is None and X.ndim == 2:
        image_shape = getattr(network, "image_shape_", None)
        if image_shape is None:
            raise ValueError(
                f"X has the shape {X.shape}, and {type(network).__name__} has no image shape; give image_shape."
            )
    if image_shape is not None:
        if getattr(network, "channels_first", False) and len(image_shape) == 3:
            h, w, c = image_shape
            image_shape = c, h, w
        X = X.reshape(-1, *image_shape)
    if X.ndim == 4 and getattr(network, "channels_first", False):
        X = np.moveaxis(X, 1, -1)
    if X.ndim == 4:
        X = X[..., 0] if X.shape[-1] != 3 else _in_unit_range(X)
    return X


def _in_unit_range(X):
    """Colors as imshow takes them: bytes, or numbers from 0 to 1."""
    if X.dtype == np.uint8:
        return X
    low, high = X.min(), X.max()
    return (X - low) / (high - low if high > low else 1)
