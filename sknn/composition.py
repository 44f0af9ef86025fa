"""Parameters of layers in a list: ``layers__0__filters``, for whatever has a parameter `layers`.

A list is never changed in place: replacing a layer stores a new list.
"""

#: how the names of these parameters begin
PREFIX = "layers__"


def add_params_of_layers(params):
    """Parameters with those of the layers in the list `layers`, if there is one, added.

    Parameters
    ----------
    params : dict
        What ``BaseEstimator.get_params(deep=True)`` gives.

    Returns
    -------
    params : dict
        ``layers__0`` is the first layer itself, ``layers__0__filters`` one of its parameters.
    """
    layers = params.get("layers")  # a subclass may have fixed them, and no such parameter
    if not isinstance(layers, (list, tuple)):
        return params
    params = dict(params)
    for i, layer in enumerate(layers):
        params[f"{PREFIX}{i}"] = layer
        if hasattr(layer, "get_params") and not isinstance(layer, type):
            nested = layer.get_params(deep=True)
            params |= {f"{PREFIX}{i}__{name}": value for name, value in nested.items()}
    return params


def without_params_of_layers(params):
    """(parameters, those among them that name layers)"""
    nested = {name: value for name, value in params.items() if name.startswith(PREFIX)}
    return {name: value for name, value in params.items() if name not in nested}, nested


def set_params_of_layers(owner, nested):
    """Set parameters of the layers in a list, or of an architecture, that `owner` has as `layers`."""
    layers = vars(owner).get("layers")
    if hasattr(layers, "set_params"):
        layers.set_params(**{name.removeprefix(PREFIX): nested[name] for name in nested})
        return
    # layers come before the parameters of those that stand there then, at any depth
    for name in sorted(nested, key=lambda name: name.count("__")):
        number, _, rest = name.removeprefix(PREFIX).partition("__")
        position = _position(owner, name, number)
        if rest:
            owner.layers[position].set_params(**{rest: nested[name]})
        else:
            layers = list(owner.layers)
            layers[position] = nested[name]
            owner.layers = layers


def _position(owner, name, number):
    layers = vars(owner).get("layers")
    n_layers = len(layers) if isinstance(layers, (list, tuple)) else 0
    if not number.isdecimal() or int(number) >= n_layers:
        hint = ""
        if layers is None and "layers" in vars(owner):
            hint = "; give layers=ConvNet() to set parameters of the default ones"
        raise ValueError(
            f"Invalid parameter {name!r} for {type(owner).__name__}: it has {n_layers} layers{hint}."
        )
    return int(number)
