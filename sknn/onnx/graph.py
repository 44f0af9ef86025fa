"""A graph of ONNX that is being written: nodes and constants, then a model of them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sknn._extra import import_extra
from sknn._versions import __version__

#: opsets that are written: any onnxruntime since 1.12 runs them; ai.onnx.ml is for categories that are strings
OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
ML_DOMAIN = "ai.onnx.ml"
#: what an axis of any size is called
N_SAMPLES = "n"


class Tensor(NamedTuple):
    """An input or an output of a model.

    Parameters
    ----------
    name : str
    dtype : numpy dtype
        That of Python's strings is ``np.dtype(object)``.
    shape : tuple of int or str
        A string stands for any size.
    """

    name: str
    dtype: np.dtype
    shape: tuple


class Node(NamedTuple):
    """One operation."""

    op: str
    inputs: list
    outputs: list
    domain: str
    attributes: dict


@dataclass
class Graph:
    """Nodes and constants, in the order in which they were added.

    Values are referred to by their names. What is computed with is float32, whatever the precision of the
    network: onnxruntime has no convolutions in float64.

    Parameters
    ----------
    prefix : str, default=""
        At the beginning of every name.
    taken : set of str, default=()
        Names of inputs and outputs, which nothing else gets.
    """

    prefix: str = ""
    taken: frozenset[str] = frozenset()
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    _counts: Counter = field(default_factory=Counter)
    _known: dict = field(default_factory=dict)

    def add(self, op, *inputs, n_outputs=1, domain="", **attributes):
        """Append a node; inputs that are no names become constants.

        Returns
        -------
        output : str, or list of them where `n_outputs` is not 1
        """
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        outputs = [self._new_name(op) for _ in range(n_outputs)]
        self.nodes.append(Node(op, names, outputs, domain, attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def name(self, value, name):
        """Give a value a name from outside, that of an output of the model."""
        self.nodes.append(Node("Identity", [value], [name], "", {}))

    def constant(self, values, name="constant"):
        """Add an array, or find an equal one. Python's numbers become float32 and int64."""
        if isinstance(values, (float, int)) and not isinstance(values, np.generic):
            values = np.float32(values) if isinstance(values, float) else np.int64(values)
        values = np.asarray(values)
        texts = values.dtype.kind in "UO"
        key = values.dtype.str, values.shape, str(values.tolist()) if texts else values.tobytes()
        if key not in self._known:
            self._known[key] = self._new_name(name)
            self.constants[self._known[key]] = values
        return self._known[key]

    def cast(self, x, dtype):
        """A value in another dtype."""
        return self.add("Cast", x, to=element_type(dtype))

    def reshape(self, x, shape):
        """A value in another shape; 0 keeps the size of an axis, -1 takes what is left."""
        return self.add("Reshape", x, np.array(shape, np.int64))

    def concat(self, values):
        """Columns side by side."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def split(self, x, sizes):
        """Groups of columns."""
        if len(sizes) == 1:
            return [x]
        return self.add("Split", x, np.array(sizes, np.int64), n_outputs=len(sizes), axis=1)

    def columns(self, x, numbers):
        """Some columns, in the order of their numbers."""
        return self.add("Gather", x, np.array(numbers, np.int64), axis=1)

    def _new_name(self, kind):
        while True:
            number = self._counts[kind]
            self._counts[kind] += 1
            # weights bring a number of their own
            first_of_weights = number == 0 and kind[-1].isdigit()
            name = self.prefix + (kind if first_of_weights else f"{kind}_{number}")
            if name not in self.taken:
                return name

    def model(self, inputs, outputs):
        """The ModelProto, checked.

        Parameters
        ----------
        inputs, outputs : list of Tensor
        """
        onnx = import_extra("onnx", "to_onnx", "onnx")
        helper = onnx.helper
        nodes = [
            helper.make_node(
                node.op,
                node.inputs,
                node.outputs,
                name=node.outputs[0],
                domain=node.domain,
                **node.attributes,
            )
            for node in self.nodes
        ]
        infos = [
            [helper.make_tensor_value_info(t.name, element_type(t.dtype), t.shape) for t in part]
            for part in (inputs, outputs)
        ]
        constants = [onnx.numpy_helper.from_array(v, name) for name, v in self.constants.items()]
        opsets = [helper.make_opsetid("", OPSET)]
        if any(node.domain == ML_DOMAIN for node in self.nodes):
            opsets.append(helper.make_opsetid(ML_DOMAIN, ML_OPSET))
        graph = helper.make_graph(nodes, "sknn", *infos, initializer=constants)
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="sknn",
            producer_version=__version__,
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def element_type(dtype):
    """ONNX's number of a dtype."""
    helper = import_extra("onnx.helper", "to_onnx", "onnx")
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
