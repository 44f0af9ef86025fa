"""Base class of the layers that contain layers."""

from sknn.composition import (
    add_params_of_layers,
    set_params_of_layers,
    without_params_of_layers,
)
from sknn.layers._layer import Layer


class NestedLayers(Layer):
    """Base of the layers with a parameter `layers`, a list of layers."""

    def get_params(self, deep=True):
        """Get the parameters of this layer and, with `deep`, of the nested layers.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include ``layers__0``, ``layers__0__filters`` and so on.

        Returns
        -------
        params : dict
            Names and values.
        """
        params = super().get_params(deep=deep)
        return add_params_of_layers(params) if deep else params

    def set_params(self, **params):
        """Set parameters of this layer and of nested layers.

        Parameters
        ----------
        **params : dict
            Names as in ``get_params``.

        Returns
        -------
        self : object
            The layer.
        """
        own, nested = without_params_of_layers(params)
        super().set_params(**own)
        set_params_of_layers(self, nested)
        return self
