"""Estimators of networks on images: how the network is made, trained and asked."""

from sknn.estimators._image_parameters import AUTO_BATCH_SIZE, auto_epochs
from sknn.estimators._images import Images
from sknn.estimators._parameters import SAMPLES, documented
from sknn.estimators._snapshot import on_snapshot
from sknn.layers import Dense
from sknn.losses import Loss
from sknn.network import Network


def every_layer(layers):
    """The layers, and those inside of others."""
    for layer in layers:
        yield layer
        yield from every_layer(getattr(layer, "layers", ()))


class ImageNetwork(Images):
    """Base of the estimators that take images; the subclass says which hidden layers it means."""

    _auto_batch_size = AUTO_BATCH_SIZE
    _double_flops = 1e8

    # ---- the network ---------------------------------------------------------------------------

    def _all_layers(self):
        """The fitted layers with the output layer."""
        return [*self._architecture_[0], Dense(self.n_outputs_, activation="identity")]

    def _network(self, dtype, sparse=False):
        activation = self._architecture_[1]
        return Network(self._all_layers(), self.image_shape_, dtype, sparse, activation)

    def _end_of(self, network, number):
        return network.ends[number - 1] if number else (0, self.image_shape_)

    def _epochs(self, n_samples):
        auto = self.max_iter == "auto"
        return auto_epochs(n_samples, self.solver) if auto else super()._epochs(n_samples)

    def _training_input(self):
        if self.augmentation is None:
            return {}
        self.augmentation.validate(self.image_shape_)
        return {"augmentation": self.augmentation.lower(self.image_shape_)}

    def _refuse_what_needs_steps(self):
        super()._refuse_what_needs_steps()
        random = [
            layer
            for layer in every_layer(self._architecture_[0])
            if getattr(layer, "_depends_on_step", False)  # parts of Columns may be None
        ]
        if self.augmentation is not None or random:
            name = "augmentation" if self.augmentation is not None else repr(random[0])
            raise ValueError(
                f"{name} needs a stochastic solver such as 'adam': solver='lbfgs' minimises one fixed "
                "function."
            )

    # ---- prediction ----------------------------------------------------------------------------

    def _forward(self, X, link=False, layer=None, draw=None):
        if not self.test_time_augmentation or layer is not None:
            return super()._forward(X, link, layer, draw)
        all_finite = True

        def logits(rows):
            nonlocal all_finite
            values, finite = super(ImageNetwork, self)._forward(rows, draw=draw)
            all_finite = all_finite and finite
            return values

        values = self._average_of_views(X, logits)
        if link:
            values = Loss.with_link(self.out_activation_, self._group_sizes).predict(values)
        return values, all_finite

    @on_snapshot
    @documented(samples=SAMPLES)
    def feature_maps(self, X, layer=1):
        """What a layer finds where in the images: its outputs as maps.

        Parameters
        ----------
        {samples}
        layer : int, default=1
            Which hidden layer, as in `transform`: 1 is the first, -1 the last, 0 the (standardised)
            input itself. ``summary()`` numbers them.

        Returns
        -------
        maps : ndarray of shape (n, h, w, c)
            One map of h x w values for each of c filters.
        """
        number = self._hidden_layer(layer)
        shape = self._shape_of_layer(number)
        if len(shape) != 3:
            raise ValueError(
                f"layer={layer} is {self._architecture_[0][number - 1]!r}, whose output of shape "
                f"{tuple(shape)} has no maps; use transform."
            )
        return self._outputs(X, layer=number).reshape(-1, *shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
