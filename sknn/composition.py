"""Parameters of layers in a list: ``layers__0__filters``, for whatever has a parameter `layers`."""

from typing import Any

from sklearn.base import BaseEstimator


class NestedLayers(BaseEstimator):
    """Base of what has `layers`: ``get_params`` and ``set_params`` reach into the list `layers`.

    ``layers__0`` is the first layer itself, ``layers__0__filters`` one of its parameters. A list is
    never changed in place: replacing a layer stores a new list.
    """

    layers: Any

    def get_params(self, deep=True):
        """Get parameters, with `deep` those of the layers too.

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
        layers = params.get("layers")  # a subclass may have fixed them, and no such parameter
        if not deep or not isinstance(layers, (list, tuple)):
            return params
        for i, layer in enumerate(layers):
            params[f"layers__{i}"] = layer
            if hasattr(layer, "get_params") and not isinstance(layer, type):
                nested = layer.get_params(deep=True)
                params |= {f"layers__{i}__{name}": value for name, value in nested.items()}
        return params

    def set_params(self, **params):
        """Set parameters, those of single layers too.

        Parameters
        ----------
        **params : dict
            Names as in ``get_params``.

        Returns
        -------
        self : object
            The estimator.
        """
        nested = {name: params.pop(name) for name in list(params) if name.startswith("layers__")}
        super().set_params(**params)
        # layers come before the parameters of those that stand there then, at any depth
        for name in sorted(nested, key=lambda name: name.count("__")):
            _, number, rest = (*name.split("__", 2), "")[:3]
            position = self._position(name, number)
            if rest:
                self.layers[position].set_params(**{rest: nested[name]})
            else:
                layers = list(self.layers)
                layers[position] = nested[name]
                self.layers = layers
        return self

    def _position(self, name, number):
        n_layers = len(self.layers) if isinstance(self.layers, (list, tuple)) else 0
        if not number.isdecimal() or int(number) >= n_layers:
            raise ValueError(
                f"Invalid parameter {name!r} for {type(self).__name__}: it has {n_layers} layers."
            )
        return int(number)
