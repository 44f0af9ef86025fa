"""Reads the layers of a graph of ONNX, one after the other."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknn import layers
from sknn.layers._layer import ALPHAS
from sknn.network.weights import Weights
from sknn.onnx.activations import elementwise_functions, recognized
from sknn.onnx.operations import READERS, called, plain_number
from sknn.onnx.place import CHANNELS_FIRST, CHANNELS_LAST, NotALayer, Place

#: what a network ends with, by the node that follows its outputs
LINKS = {"Softmax": "softmax", "LogSoftmax": "softmax", "Sigmoid": "logistic", "Exp": "exp"}
#: what else may follow them
LABELS = {"ArgMax", "Greater", "Identity"}
#: what the input may be prepared by
PREPARATIONS = {"Add", "Cast", "Div", "Mul", "Sub", "Transpose"}


@dataclass
class LayerReader:
    """Reads the layers of a graph, with their weights.

    Parameters
    ----------
    source : SourceGraph

    Attributes
    ----------
    weights : Weights
        Of the layers that were read, in their order.
    standard : (factors, shifts) or None
        What the channels of the input are multiplied with, and what is added, before the first layer.
    """

    source: Any
    weights: Weights = field(default_factory=lambda: Weights([], []))
    standard: tuple | None = None

    # ---- the input -----------------------------------------------------------------------------

    def read_input(self, at: Place):
        """The Place of the images or vectors that the first layer takes; keeps how channels are standardized."""
        factor, shift = np.ones(at.shape[-1]), np.zeros(at.shape[-1])
        while (node := self.source.only_consumer(at.name)) and node.op_type in PREPARATIONS:
            if node.op_type == "Transpose":
                if at.axes == CHANNELS_FIRST:
                    break
                at = at._replace(axes=CHANNELS_FIRST)
            elif node.op_type != "Cast":
                values = self._prepared(node, at)
                if values is None:
                    break
                factor, shift = _combined(node.op_type, values, factor, shift)
            at = at._replace(name=node.output[0])
        self.standard = factor, shift
        return at

    def _prepared(self, node, at):
        """The constants of a node, one for each channel; None where they are something else."""
        first = node.op_type in ("Sub", "Div")
        values = self.source.constant_of(node)
        if values is None or (first and node.input[0] != at.name):
            return None
        try:
            values = at.of_channels(values).astype(float)
        except NotALayer:
            return None
        return values if values.all() or node.op_type in ("Add", "Sub") else None

    def axes_of_input(self, name):
        """Order of the axes of images: channels come last where they are transposed at the beginning."""
        while (node := self.source.only_consumer(name)) and node.op_type in PREPARATIONS:
            if node.op_type == "Transpose":
                last = self.source.attributes(node).get("perm") == [0, 3, 1, 2]
                return CHANNELS_LAST if last else CHANNELS_FIRST
            name = node.output[0]
        return CHANNELS_FIRST

    # ---- layers --------------------------------------------------------------------------------

    def read(self, at: Place, end=None, without=frozenset()):
        """(layers, Place) from a value to another, or to the outputs of the network.

        Parameters
        ----------
        at : Place
        end : str or None, default=None
            Name of the value; None is the last before a link.
        without : set of str, default=frozenset()
            Outputs of nodes that are not to be looked at: the sums of residual layers that are being read.
        """
        found = []
        while at.name != end and not (end is None and self._is_end(at)):
            layer, at = self._next(at, without, found)
            if layer is not None:
                found.append(layer)
        return found, at

    def _is_end(self, at):
        """Whether a value holds the outputs of the network: links or labels follow, if anything."""
        nodes = self.source.consumers(at.name)
        if not nodes:
            return at.name in self.source.outputs
        return all(self._is_after_outputs(node) for node in nodes)

    def _is_after_outputs(self, node):
        """Whether a node is a link, or the first on the way to labels or predictions."""
        if node.op_type in LINKS:
            axis = self.source.attributes(node).get("axis", -1)
            return axis in (-1, 1) and self.source.ends_as_probabilities(node.output[0])
        first = node.op_type in LABELS or self.source.is_raveled(node)
        return first and self.source.ends(node.output[0])

    def link(self, at):
        """What turns the outputs of the network at a place into predictions."""
        nodes = self.source.consumers(at.name)
        return next((LINKS[n.op_type] for n in nodes if n.op_type in LINKS), "identity")

    def _next(self, at, without, before):
        """(layer or None, Place after it)"""
        nodes = [n for n in self.source.consumers(at.name) if n.output[0] not in without]
        if not nodes:
            raise NotALayer(f"the value {at.name!r} leads nowhere")
        for function in elementwise_functions(self.source, at.name, without):
            known = recognized(self.source, at.name, function)
            if known:
                after = at._replace(name=function[-1].output[0])
                name, alpha = known
                return self._activation(name, alpha, before), after
        parametric = self._parametric(at, nodes, without)
        if parametric:
            return parametric
        node = nodes[0]
        if len(nodes) > 1 or (node.op_type == "Add" and self.source.constant_of(node) is None):
            return self._residual(at, nodes, without)
        if node.op_type not in READERS:
            raise NotALayer(f"{called(node)} has no layer here")
        try:
            return READERS[node.op_type](self, node, at)
        except ValueError as error:
            raise NotALayer(f"{called(node)}: {error}") from None

    def _activation(self, name, alpha, before):
        """The activation as a part of the layer before, or as a layer."""
        plain = alpha is None or np.isclose(alpha, ALPHAS[name])
        if plain and before and getattr(before[-1], "activation", None) == "identity":
            before[-1].activation = name
            return None
        return layers.Activation(name) if plain else layers.Activation(name, plain_number(alpha))

    def _parametric(self, at, nodes, without):
        """(layer, Place after it) where nodes compute ``x + α (f(x) − x)``, or None."""
        for node in nodes:
            if node.op_type != "Sub" or node.input[-1] != at.name:
                continue
            product = self.source.only_consumer(node.output[0])
            total = product and self.source.only_consumer(product.output[0])
            if not total or (product.op_type, total.op_type) != ("Mul", "Add"):
                continue
            last = node.input[0]
            outside = without | {node.output[0], total.output[0]}
            functions = elementwise_functions(self.source, at.name, outside)
            known = {f[-1].output[0]: recognized(self.source, at.name, f) for f in functions}
            alone = last == at.name and {one.output[0] for one in nodes} <= outside
            name: Any
            name, _ = known.get(last) or ("identity" if alone else None, None)
            factors = self.source.constant_of(product)
            if name is not None and factors is not None:
                layer = layers.ParametricActivation(name)
                return self.after(total, at, layer, at.of_channels(factors)[None])
        return None

    def _residual(self, at, nodes, without):
        """What is added to the value itself at the end."""
        sums = [node for node in nodes if node.op_type == "Add" and at.name in node.input]
        if not sums:
            several = " and ".join(map(called, nodes))
            raise NotALayer(
                f"{at.name!r} is read by {several}: neither an activation known here nor a sum with the value itself"
            )
        last = sums[-1]
        branch = next((name for name in last.input if name != at.name), at.name)
        inside, after = self.read(at, branch, without | {last.output[0]})
        if after.shape != at.shape or after.axes != at.axes:
            raise NotALayer(
                f"{called(last)} adds values of the shapes {at.shape} and {after.shape}"
            )
        return layers.Residual(inside), at._replace(name=last.output[0])

    # ---- what readers need ---------------------------------------------------------------------

    def after(self, node, at, layer, *arrays):
        """(layer, Place after it), with its weights put down."""
        if arrays:
            self.keep(*arrays)
        shape = layer.output_shape(at.shape)
        order = at.order if shape == at.shape else None
        return layer, at._replace(name=node.output[0], shape=shape, order=order)

    def keep(self, coefs, intercepts=None):
        """Put down the weights of a layer."""
        coefs = np.asarray(coefs)
        zeros = np.zeros(coefs.shape[-1], coefs.dtype)
        self.weights.coefs.append(coefs)
        self.weights.intercepts.append(zeros if intercepts is None else np.ravel(intercepts))

    def array(self, node, number, default=None):
        """A constant input of a node; raises where it is computed."""
        found = self.source.constant(node, number, default)
        if found is None and number < len(node.input) and node.input[number]:
            raise NotALayer("it needs constant weights, but they are computed")
        return found


def _combined(op, values, factor, shift):
    """(factor, shift) of what is computed, after another operation."""
    if op in ("Mul", "Div"):
        by = values if op == "Mul" else 1 / values
        return factor * by, shift * by
    return factor, shift + (values if op == "Add" else -values)
