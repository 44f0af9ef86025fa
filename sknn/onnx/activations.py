"""Activations as nodes of ONNX."""

from math import pi, sqrt

from sknn.layers._layer import ALPHAS


def write_activation(graph, name, x, alpha=None):
    """The value of an activation; `alpha` is that of a layer, None its default."""
    alpha = ALPHAS.get(name) if alpha is None else float(alpha)
    if name in COMPOSED:
        return COMPOSED[name](graph, x)
    return graph.add(NODES[name], x, **({} if alpha is None else {"alpha": alpha}))


def _gelu(graph, x):
    """``x / 2 (1 + erf(x / √2))``"""
    error = graph.add("Erf", graph.add("Div", x, sqrt(2)))
    return graph.add("Mul", graph.add("Mul", x, graph.add("Add", error, 1.0)), 0.5)


def _gelu_tanh(graph, x):
    """``x / 2 (1 + tanh(√(2 / π) (x + 0.044715 x³)))``"""
    cube = graph.add("Mul", graph.add("Pow", x, 3.0), 0.044715)
    inner = graph.add("Mul", graph.add("Add", x, cube), sqrt(2 / pi))
    outer = graph.add("Add", graph.add("Tanh", inner), 1.0)
    return graph.add("Mul", graph.add("Mul", x, outer), 0.5)


def _mish(graph, x):
    return graph.add("Mul", x, graph.add("Tanh", graph.add("Softplus", x)))


#: activations that are one node
NODES = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "leaky_relu": "LeakyRelu",
    "elu": "Elu",
    "selu": "Selu",
    "softplus": "Softplus",
}
#: activations that are several
COMPOSED = {
    "identity": lambda graph, x: x,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": lambda graph, x: graph.add("Mul", x, graph.add("Sigmoid", x)),
    "mish": _mish,
}
