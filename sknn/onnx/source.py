"""A graph of ONNX that is read: constants, and which nodes read a value."""

from collections import defaultdict

import numpy as np

from sknn._extra import import_extra

#: what leads from the outputs of a network to labels and predictions
AFTER_OUTPUTS = {"ArgMax", "Cast", "Gather", "Greater", "Identity", "Reshape"}


class SourceGraph:
    """The graph of a model, with constants apart and names that only repeat others taken out.

    Parameters
    ----------
    model : onnx.ModelProto

    Attributes
    ----------
    constants : dict of str to ndarray
    nodes : list of onnx.NodeProto
        Those that compute something from the input, in order.
    """

    def __init__(self, model):
        self.onnx = import_extra("onnx", "from_onnx", "onnx")
        graph = model.graph
        numpy = self.onnx.numpy_helper
        self.opsets = model.opset_import
        self.constants = {one.name: numpy.to_array(one) for one in graph.initializer}
        self.inputs = [one for one in graph.input if one.name not in self.constants]
        self.outputs = {one.name for one in graph.output}
        self.nodes, self._consumers = [], defaultdict(list)
        self._same = {}
        for node in graph.node:
            self._read(node)

    def _read(self, node):
        """Sort a node in: as a constant, as another name of a value, or as one that computes."""
        for number, name in enumerate(node.input):
            node.input[number] = self._same.get(name, name)
        given = [name for name in node.input if name]
        if node.op_type == "Constant" or (given and all(n in self.constants for n in given)):
            self.constants |= self._computed(node, given)
        elif node.op_type in ("Identity", "Dropout") and node.output[0] not in self.outputs:
            self._same[node.output[0]] = node.input[0]
        elif node.op_type != "Shape":  # which is asked for where a value gets back its shape
            self.nodes.append(node)
            for name in set(node.input):
                self._consumers[name].append(node)

    def _computed(self, node, given):
        """The outputs of a node that depends on constants alone, by name."""
        helper = self.onnx.helper
        constants = [
            self.onnx.numpy_helper.from_array(self.constants[name], name) for name in given
        ]
        outputs = [self.onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = helper.make_graph([node], "constants", [], outputs, constants)
        model = helper.make_model(graph, opset_imports=self.opsets)
        reference = import_extra("onnx.reference", "from_onnx", "onnx")
        values = reference.ReferenceEvaluator(model).run(None, {})
        return dict(zip((one.name for one in outputs), values, strict=True))

    def consumers(self, name):
        """Nodes that read a value, in order."""
        return self._consumers[name]

    def only_consumer(self, name):
        """The node that reads a value, or None where there are none or several."""
        nodes = self.consumers(name)
        return nodes[0] if len(nodes) == 1 else None

    def attributes(self, node):
        """Attributes of a node by their names; texts as strings."""
        values = {one.name: self.onnx.helper.get_attribute_value(one) for one in node.attribute}
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}

    def constant(self, node, number, default=None):
        """A constant input of a node, or the default where it is left out; None where it is computed."""
        if number >= len(node.input) or not node.input[number]:
            return default
        return self.constants.get(node.input[number])

    def constant_of(self, node):
        """The first input of a node that is a constant, or None."""
        return next((self.constants[n] for n in node.input if n in self.constants), None)

    def ends(self, name, through=AFTER_OUTPUTS):
        """Whether a value only leads to outputs of the model, through nodes of these kinds."""
        nodes = self.consumers(name)
        if not nodes:
            return name in self.outputs
        return all(
            node.op_type in through and all(self.ends(output, through) for output in node.output)
            for node in nodes
        )

    def ends_as_probabilities(self, name):
        """Whether a value only leads to outputs as it is, or with 1 − p beside it."""
        nodes = self.consumers(name)
        if any(node.op_type == "Sub" for node in nodes):
            first, second = nodes[0], nodes[-1]
            complement = first.op_type == "Sub" and np.all(self.constant(first, 0) == 1)
            beside = second.op_type == "Concat" and [*second.input] == [first.output[0], name]
            return (
                len(nodes) == 2
                and complement
                and beside
                and self.ends(second.output[0], ("Identity",))
            )
        return self.ends(name, ("Identity",))

    def is_raveled(self, node):
        """Whether a node makes a vector of one value for each sample."""
        shape = self.constant(node, 1) if node.op_type == "Reshape" else None
        return shape is not None and shape.shape == (1,)
