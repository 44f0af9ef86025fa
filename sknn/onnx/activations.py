"""Activations as nodes of ONNX, and the way back: a function is recognized by its values, however it is written."""

from functools import lru_cache
from math import pi, sqrt

import numpy as np

from sknn._extra import import_extra
from sknn.layers._layer import ACTIVATIONS, ALPHAS
from sknn.onnx.graph import Graph, Tensor


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


# ---- the way back -------------------------------------------------------------------------------

#: operations on single values, of which activations are made
ELEMENTWISE = {
    *("Abs", "Add", "Celu", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "Greater"),
    *("GreaterOrEqual", "HardSigmoid", "HardSwish", "LeakyRelu", "Less", "LessOrEqual", "Log"),
    *("Max", "Min", "Mish", "Mul", "Neg", "Pow", "Relu", "Selu", "Sigmoid", "Softplus"),
    *("Softsign", "Sqrt", "Sub", "Swish", "Tanh", "ThresholdedRelu", "Where"),
}
#: values at which functions are compared, and how far they may differ
GRID = np.concatenate([np.linspace(-20, 20, 401), [-1e4, -1e3, 1e3, 1e4]]).astype(np.float32)
TOLERANCE = 2e-5


def elementwise_functions(source, x, without):
    """Functions of the single values of x that its next nodes compute, the shortest first.

    Parameters
    ----------
    source : SourceGraph
    x : str
    without : set of str
        Outputs of nodes that are not to be looked at.

    Yields
    ------
    nodes : list of onnx.NodeProto
        The last gives the function's value, and nothing else of it is read elsewhere.
    """
    nodes, known = [], {x}
    for node in source.nodes:
        names = {name for name in node.input if name}
        computed = {name for name in names if name not in source.constants}
        scalars = all(source.constants[name].size == 1 for name in names - computed)
        if not computed & known or node.output[0] in without:
            continue
        if node.op_type not in ELEMENTWISE or not computed <= known or not scalars:
            return
        nodes.append(node)
        inside = {one.output[0] for one in nodes}
        known |= inside
        readers = [r for name in known - {node.output[0]} for r in source.consumers(name)]
        if all(reader.output[0] in inside | without for reader in readers):
            yield nodes


def recognized(source, x, nodes):
    """(name, alpha) of the activation that some nodes compute, or None; found by comparing values."""
    values = _values(source, x, nodes)
    given = [source.attributes(node).get("alpha") for node in nodes]
    alpha = next((one for one in given if one is not None), None)
    for name in ACTIVATIONS[1:]:
        own_alpha = alpha if name in ALPHAS else None
        expected = _own_values(name, own_alpha)
        finite = np.isfinite(expected)  # as ONNX's reference computes them
        if np.allclose(values[finite], expected[finite], rtol=TOLERANCE, atol=TOLERANCE):
            return name, own_alpha
    return None


def _values(source, x, nodes):
    """What nodes compute from GRID."""
    helper = source.onnx.helper
    names = {name for node in nodes for name in node.input} & source.constants.keys()
    constants = {name: source.constants[name].reshape(()) for name in names}
    graph = helper.make_graph(
        nodes,
        "function",
        [helper.make_tensor_value_info(x, 1, GRID.shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], 1, GRID.shape)],
        [source.onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _run(helper.make_model(graph, opset_imports=source.opsets), x)


@lru_cache
def _own_values(name, alpha):
    """What an activation computes from GRID."""
    graph = Graph()
    graph.name(write_activation(graph, name, "x", alpha), "y")
    ends = (Tensor(end, GRID.dtype, GRID.shape) for end in "xy")
    return _run(graph.model(*[[end] for end in ends]), "x")


def _run(model, x):
    reference = import_extra("onnx.reference", "from_onnx", "onnx")
    with np.errstate(all="ignore"):
        return reference.ReferenceEvaluator(model).run(None, {x: GRID})[0]
