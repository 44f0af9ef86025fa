"""A classifier of images that moves over larger ones."""

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from sknn.estimators import _data, _targets
from sknn.estimators._images import rows_of_images
from sknn.estimators._snapshot import on_snapshot
from sknn.losses import Loss
from sknn.network import Network
from sknn.sliding_window import SlidingLayers, WindowPredictions


class Sweeping:
    """What a fitted classifier says of every window of larger images."""

    @on_snapshot
    def predict_windows(self, X):
        """Predict probabilities for every window of images larger than those of fit.

        The dense layers become convolutions, so that one forward pass does for all windows. They are as
        far apart as the strides of all layers multiplied, 4 pixels for two poolings by 2. Without padding
        a window has the probabilities that `predict_proba` gives for the pixels of the window alone; where
        layers pad, those inside a larger image see the neighbouring pixels in place of the zeros.

        Parameters
        ----------
        X : array-like of shape (n, h, w) or (n, h, w, c)
            Images at least as high and wide as those of fit, with as many channels; with
            `channels_first` (n, c, h, w). They are standardised by the channels of fit.

        Returns
        -------
        sweep : WindowPredictions
            :class:`sknn.sliding_window.WindowPredictions`: the probabilities of all windows, and where they begin.

        Raises
        ------
        ValueError
            For images that are too small; for a normalisation between `Flatten` and a dense layer, whose
            units have a place each, for `Transposed`, and for a residual layer that does not keep the
            size; where padding would begin at another pixel than in fit ("same" with strides, unless
            height and width exceed those of fit by a multiple of them); and with `test_time_augmentation`.

        References
        ----------
        Y. LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998),
        section VII: space displacement networks.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_digits
        >>> from sknn import CNNClassifier
        >>> digits = load_digits()
        >>> net = CNNClassifier(max_iter=2, random_state=0).fit(digits.images, digits.target)
        >>> sweep = net.predict_windows(np.concatenate(digits.images[:3], axis=1)[np.newaxis])
        >>> sweep.probabilities.shape, sweep.columns
        ((1, 1, 5, 10), array([ 0,  4,  8, 12, 16]))
        """
        check_is_fitted(self)
        self._validate_changed(self._read_parameters)
        if self.test_time_augmentation:
            raise ValueError(
                "test_time_augmentation=True averages views of single images; use set_params(test_time_augmentation=False) for a sweep."
            )
        dtype = self._fitted_dtype()
        X, shape = self._larger_images(X, dtype)
        swept = SlidingLayers(self._all_layers(), self.image_shape_, shape)
        network = Network(swept.layers, shape, dtype, activation=self._architecture_[1])
        probabilities = self._probabilities_of_places(network, X)
        # a layer may read less than a window, and find room for one that hangs over the edge
        ends = (shape[axis] - self.image_shape_[axis] + 1 for axis in (0, 1))
        rows, columns = (np.arange(0, *of) for of in zip(ends, swept.strides, strict=True))
        inside = [P[:, : len(rows), : len(columns)] for P in probabilities]
        several = self._target_kind == "multiclass-multioutput"
        return WindowPredictions(
            inside if several else inside[0], rows, columns, self.image_shape_[:2]
        )

    def _probabilities_of_places(self, network, X):
        """For each column of classes (n, n_rows, n_columns, n_classes)."""
        n_rows, n_columns, n_outputs = network.output_shape
        loss = Loss.with_link(self.out_activation_, self._group_sizes * (n_rows * n_columns))
        shapes, found = network.coef_shapes, [np.shape(coef) for coef in self.coefs_]
        expected = self._program(False, network.dtype)[0].coef_shapes
        if found != expected:  # what a user has assigned must not be reshaped in silence
            raise ValueError(f"coefs_ has the shapes {found}, the network has {expected}.")
        coefs = [np.reshape(coef, shape) for coef, shape in zip(self.coefs_, shapes, strict=True)]
        program = network.program(loss)
        values, _ = self._run(network, program, X, coefs, loss.n_outputs, link=True)
        values = values.reshape(-1, n_outputs)
        found = _targets.probabilities(self._target_kind, self.classes_, values)
        found = found if isinstance(found, list) else [found]
        return [P.reshape(len(X), n_rows, n_columns, -1) for P in found]

    def _larger_images(self, X, dtype):
        """(flat rows, (h, w, c)) of validated images of any size that fit's images fit into."""
        X = check_array(
            X,
            dtype=self._accepted_dtypes(X, dtype),
            order="C",
            ensure_2d=False,
            allow_nd=True,
            input_name="X",
            estimator=self,
        )
        rows, shape = rows_of_images(X, self.channels_first)
        if shape is None:
            raise ValueError(
                f"X has the shape {X.shape}; a sweep takes images, (n, h, w) or (n, h, w, c)."
            )
        height, width, n_channels = self.image_shape_
        if shape[0] < height or shape[1] < width or shape[2] != n_channels:
            raise ValueError(
                f"X has images of shape {shape}, but windows of {self.image_shape_} (height, width, "
                "channels) are to move over them: they must be at least as high and wide, and have as many "
                "channels."
            )
        _data.check_range(rows, dtype, "X")
        return rows, shape
