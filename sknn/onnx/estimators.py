"""Fitted estimators as graphs: what goes in, what comes out, one function for each kind of estimator."""

from functools import singledispatch

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknn.estimators.classifier import NetworkClassifier
from sknn.estimators.network import NetworkEstimator
from sknn.estimators.prediction import NetworkPrediction
from sknn.estimators.tabular import TabularEstimator
from sknn.network.weights import Weights
from sknn.onnx.graph import N_SAMPLES, Tensor
from sknn.onnx.inputs import shape_of_input, write_input, write_views
from sknn.onnx.layers import LayerWriter
from sknn.onnx.outputs import (
    Output,
    calibrated_outputs,
    class_labels,
    label_outputs,
    mean_of_members,
    regression_outputs,
    standardized_outputs,
    write_link,
)
from sknn.onnx.table import TableWriter, table_inputs
from sknn.targets.labels import Labels
from sknn.teaching.neuron import McCullochPittsNeuron
from sknn.teaching.perceptron import PerceptronClassifier


def not_known(model):
    """The error for what is no estimator of sknn."""
    return TypeError(
        f"to_onnx takes the estimators of sknn, got {type(model).__name__}. A Pipeline with one of them is converted by "
        "skl2onnx.to_onnx after sknn.onnx.register()."
    )


@singledispatch
def inputs_of(model, dtype=None):
    """The inputs of a fitted estimator, a list of Tensor; `dtype` is that of numbers, None the usual one."""
    raise not_known(model)


@singledispatch
def write_model(model, graph, inputs):
    """Write a fitted estimator; returns its outputs, a list of Output."""
    raise not_known(model)


def _dtype(given, usual):
    dtype = np.dtype(usual if given is None else given)
    if dtype.kind not in "fiub":
        raise ValueError(
            f"input_dtype={given!r} must be a dtype of numbers, such as 'float32' or 'uint8'."
        )
    return dtype


def as_float32(weights, model):
    """Weights in float32; raises where they are too large for it."""
    rounded = weights.rounded(np.float32)
    if not rounded.are_finite:
        raise ValueError(
            f"the weights of {type(model).__name__} are too large for float32, in which the graph computes."
        )
    return rounded


# ---- one network --------------------------------------------------------------------------------


@inputs_of.register
def _(model: NetworkEstimator, dtype=None):
    shape = shape_of_input(NetworkPrediction(model).input)
    return [Tensor("X", _dtype(dtype, np.float32), shape)]


@write_model.register
def _(model: NetworkEstimator, graph, inputs):
    prediction = NetworkPrediction(model)
    fitted, targets = prediction.network(), prediction.targets
    network, weights = fitted.network, as_float32(fitted.weights, model)
    if model._family.averages_views(model):
        several = write_views(graph, prediction.input, inputs[0], model.augmentation)
    else:
        several = [(1.0, write_input(graph, prediction.input, inputs[0]))]
    fractions, views = zip(*several, strict=True)
    logits = [
        LayerWriter(graph, weights, network.plan.activation).write(
            network.layers, x, network.input_shape
        )
        for x in views
    ]
    mean = mean_of_members(graph, logits, fractions)
    values = write_link(graph, mean, fitted.link, targets.group_sizes)
    if isinstance(model, NetworkClassifier):
        return label_outputs(graph, targets, mean, values)
    return regression_outputs(graph, values, model.n_outputs_)


# ---- ensembles on tabular data ------------------------------------------------------------------


@inputs_of.register
def _(model: TabularEstimator, dtype=None):
    check_is_fitted(model)
    names = vars(model).get("feature_names_in_")
    return table_inputs(model._encoder, names, _dtype(dtype, np.float64))


@write_model.register
def _(model: TabularEstimator, graph, inputs):
    encoder, ensemble = model._encoder, model._ensemble()
    rows = TableWriter(graph, encoder, inputs).write()
    members = []
    for number, member in enumerate(ensemble.members):
        network, _ = ensemble.programs[member.kind]
        x, width = rows, network.n_features
        if width < encoder.width:
            x = graph.add("Slice", rows, *(np.array([part]) for part in (0, width, 1)))
        weights = as_float32(Weights(member.coefs, member.intercepts), model)
        prefix = f"estimator_{number}_"
        writer = LayerWriter(graph, weights, network.plan.activation, prefix)
        members.append(writer.write(network.layers, x, network.input_shape))
    targets = ensemble.targets
    write = calibrated_outputs if isinstance(targets, Labels) else standardized_outputs
    return write(graph, targets, members, ensemble.weights)


# ---- the first neurons --------------------------------------------------------------------------


@inputs_of.register
def _(model: PerceptronClassifier | McCullochPittsNeuron, dtype=None):
    check_is_fitted(model, "n_features_in_")  # of a neuron that needs no fit, too
    return [Tensor("X", _dtype(dtype, np.float64), (N_SAMPLES, model.n_features_in_))]


@write_model.register
def _(model: PerceptronClassifier, graph, inputs):
    # in float64: a sum of exactly 0 is the other class
    x = graph.cast(inputs[0].name, np.float64)
    sums = graph.add("Add", graph.add("MatMul", x, model.coef_.T.copy()), model.intercept_)
    classes = class_labels(model.classes_)
    if len(classes) == 2:
        sums = graph.reshape(sums, [-1])
        number = graph.cast(graph.add("Greater", sums, np.float64(0)), np.int64)
    else:
        number = graph.add("ArgMax", sums, axis=1, keepdims=0)
    shape = (N_SAMPLES,) if len(classes) == 2 else (N_SAMPLES, len(classes))
    return [
        Output(graph.add("Gather", classes, number), Tensor("label", classes.dtype, (N_SAMPLES,))),
        Output(sums, Tensor("decision", np.dtype(np.float64), shape)),
    ]


@write_model.register
def _(model: McCullochPittsNeuron, graph, inputs):
    x = graph.cast(inputs[0].name, np.float64)
    inhibitory = model._inhibitory_mask(model.n_features_in_)
    excited, inhibited = (
        graph.add("MatMul", x, mask.astype(np.float64)) for mask in (~inhibitory, inhibitory)
    )
    enough = graph.add("GreaterOrEqual", excited, np.float64(model.threshold))
    allowed = graph.add("Equal", inhibited, np.float64(0))
    fires = graph.cast(graph.add("And", enough, allowed), np.int64)
    return [Output(fires, Tensor("label", np.dtype(np.int64), (N_SAMPLES,)))]
