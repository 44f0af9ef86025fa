"""What leaves a graph: labels and probabilities, predictions in units of y."""

from typing import NamedTuple

import numpy as np

from sknn.losses import Loss
from sknn.onnx.graph import N_SAMPLES, Tensor

#: kind of a dtype of classes -> dtype of labels in ONNX
LABEL_DTYPES = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64, "U": object, "O": object}


class Output(NamedTuple):
    """A value that leaves the graph, and how it is declared."""

    value: str
    tensor: Tensor


# ---- links --------------------------------------------------------------------------------------


def write_link(graph, logits, link, group_sizes):
    """Outputs (n, n_outputs) from logits."""
    if link == "softmax":
        groups = graph.split(logits, group_sizes)
        return graph.concat([graph.add("Softmax", group, axis=1) for group in groups])
    nodes = {"logistic": "Sigmoid", "exp": "Exp"}
    return graph.add(nodes[link], logits) if link in nodes else logits


def mean_of_members(graph, members, weights):
    """Mean of the members' values, each with its weight; of a single one's values they themselves."""
    if len(members) == 1:
        return members[0]
    fractions = np.asarray(weights, float) / np.sum(weights)
    terms = [graph.add("Mul", x, float(f)) for x, f in zip(members, fractions, strict=True)]
    return graph.add("Sum", *terms)


# ---- classifiers --------------------------------------------------------------------------------


def label_outputs(graph, labels, scores, probabilities, threshold=0.0):
    """Outputs of a classifier: "label", and "probabilities" or one of them for each column of classes.

    Parameters
    ----------
    graph : Graph
    labels : Labels
    scores : str
        (n, n_outputs), whose largest tell the classes, or those above the threshold.
    probabilities : str
        (n, n_outputs) of the link.
    threshold : float, default=0.0
    """
    label = Output(*_label(graph, labels, scores, threshold))
    return [label, *_probabilities(graph, labels, probabilities)]


def _label(graph, labels, scores, threshold):
    if labels.kind == "multilabel-indicator":
        found = graph.cast(graph.add("Greater", scores, threshold), np.int64)
        return found, Tensor("label", np.dtype(np.int64), (N_SAMPLES, len(labels.classes)))
    if labels.kind == "multiclass-multioutput":
        groups = graph.split(scores, labels.group_sizes)
        columns = [
            graph.add("Gather", class_labels(classes), graph.add("ArgMax", group, axis=1))
            for classes, group in zip(labels.classes, groups, strict=True)
        ]
        dtype = class_labels(labels.classes[0]).dtype
        return graph.concat(columns), Tensor("label", dtype, (N_SAMPLES, len(columns)))
    if labels.kind == "multiclass":
        number = graph.add("ArgMax", scores, axis=1, keepdims=0)
    elif len(labels.classes) == 2:
        above = graph.add("Greater", scores, threshold)
        number = graph.reshape(graph.cast(above, np.int64), [-1])
    else:  # a single class
        never = graph.add("Greater", scores, np.float32(np.inf))
        number = graph.reshape(graph.cast(never, np.int64), [-1])
    classes = class_labels(labels.classes)
    return graph.add("Gather", classes, number), Tensor("label", classes.dtype, (N_SAMPLES,))


def class_labels(classes):
    """Classes as ONNX has them: strings, int64, float64 or booleans."""
    kind = classes.dtype.kind
    strings = kind == "U" or (kind == "O" and all(isinstance(one, str) for one in classes))
    if kind not in LABEL_DTYPES or (kind == "O" and not strings):
        raise ValueError(
            f"classes_ of dtype {classes.dtype} cannot be written as ONNX, whose labels are strings or numbers; "
            "fit with y.astype(str)."
        )
    return classes.astype(LABEL_DTYPES[kind])


def _probabilities(graph, labels, values):
    """One output of the predicted probabilities, or for several columns of classes one for each."""
    if labels.kind == "binary":
        # of a single class the probability is 1
        if len(labels.classes) == 1:
            values = graph.add("Exp", graph.add("Mul", values, 0.0))
        else:
            values = graph.concat([graph.add("Sub", 1.0, values), values])
    names, groups, sizes = ["probabilities"], [values], [len(labels.classes)]
    if labels.kind == "multiclass-multioutput":
        sizes = labels.group_sizes
        names = [f"probabilities_{number}" for number in range(len(sizes))]
        groups = graph.split(values, sizes)
    return [
        Output(group, Tensor(name, np.dtype(np.float32), (N_SAMPLES, size)))
        for name, group, size in zip(names, groups, sizes, strict=True)
    ]


def calibrated_outputs(graph, labels, members, weights):
    """Outputs of an ensemble of classifiers: means of what the members' logits at a temperature say.

    Parameters
    ----------
    graph : Graph
    labels : CalibratedLabels
    members : list of str
        Logits (n, n_outputs) of each.
    weights : list of float
    """
    loss = labels.validation_loss
    probabilities = []
    for logits in members:
        z = graph.add("Div", logits, float(labels.temperature))
        if loss.kind == "binary":
            z = graph.add("Clip", z, -30.0, 30.0)
        probabilities.append(write_link(graph, z, loss.link, loss.group_sizes))
    mean = mean_of_members(graph, probabilities, weights)
    return label_outputs(graph, labels, mean, mean, threshold=0.5)


# ---- regressors ---------------------------------------------------------------------------------


def regression_outputs(graph, values, n_outputs):
    """The output of a regressor: "prediction", of shape (n,) or (n, n_outputs)."""
    shape = (N_SAMPLES, n_outputs) if n_outputs > 1 else (N_SAMPLES,)
    if n_outputs == 1:
        values = graph.reshape(values, [-1])
    return [Output(values, Tensor("prediction", np.dtype(np.float32), shape))]


def standardized_outputs(graph, targets, members, weights):
    """The output of an ensemble of regressors: the mean of the members, in units of y and clipped.

    Parameters
    ----------
    graph : Graph
    targets : StandardizedRegression
    members : list of str
        Outputs (n, n_outputs) of each network.
    weights : list of float
    """
    loss: Loss = targets.loss
    center, scale = (np.asarray(part, np.float32) for part in targets.standard)
    low, high = (np.asarray(part, np.float32) for part in targets.range)
    predictions = []
    for values in members:
        values = write_link(graph, values, loss.link, loss.group_sizes)
        values = graph.add("Add", graph.add("Mul", values, scale), center)
        predictions.append(graph.add("Min", graph.add("Max", values, low), high))
    mean = mean_of_members(graph, predictions, weights)
    if targets.quantiles is not None:  # which do not cross
        k = len(targets.quantiles)
        options = {"axis": 1, "largest": 0, "sorted": 1}
        mean, _ = graph.add("TopK", mean, np.array([k], np.int64), n_outputs=2, **options)
        mean = graph.columns(mean, np.argsort(np.argsort(targets.quantiles)))
    return regression_outputs(graph, mean, targets.n_outputs)
