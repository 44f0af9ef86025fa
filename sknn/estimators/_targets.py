"""Targets: from what users pass as y to what a loss takes, and back to labels."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknn.losses import Loss


def kind_of_labels(y):
    """(type of target, y as a dense array; a single column becomes one-dimensional)."""
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    check_classification_targets(y)
    if sp.issparse(y):
        y = y.toarray()
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1 and kind != "multilabel-indicator":
        y = column_or_1d(y, warn=True)
        kind = type_of_target(y)
    return kind, y


def find_classes(kind, y):
    """Sorted labels: an array, or for several columns of classes a list of arrays."""
    if kind == "multilabel-indicator":
        return np.arange(y.shape[1])
    if kind == "multiclass-multioutput":
        return [np.unique(column) for column in y.T]
    return unique_labels(y)


def kind_of_classes(kind, classes):
    """The type of target that a set of classes makes of y: partial_fit may see only some of them."""
    if kind in {"multilabel-indicator", "multiclass-multioutput"}:
        return kind
    return "multiclass" if len(classes) > 2 else "binary"


def classification_loss(kind, classes, smoothing):
    """Binary cross-entropy for two classes or several labels, else one softmax per column."""
    if kind == "multiclass-multioutput":
        return Loss("softmax", tuple(len(column) for column in classes), smoothing)
    if kind == "multiclass":
        return Loss("softmax", (len(classes),), smoothing)
    return Loss("binary", (len(classes) if kind == "multilabel-indicator" else 1,), smoothing)


def encode(kind, classes, y, dtype):
    """Class numbers (n, n_columns) of int32 for softmax losses, 0 and 1 (n, n_outputs) otherwise."""
    if kind == "multilabel-indicator":
        return np.ascontiguousarray(y, dtype=dtype)
    if kind == "multiclass-multioutput":
        columns = [np.searchsorted(c, column) for c, column in zip(classes, y.T, strict=True)]
        return np.ascontiguousarray(np.column_stack(columns), dtype=np.int32)
    codes = np.searchsorted(classes, y)
    return codes.reshape(-1, 1).astype(np.int32 if kind == "multiclass" else dtype)


def decode(kind, classes, logits):
    """Labels from logits."""
    if kind == "multiclass":
        return classes.take(logits.argmax(axis=1))
    if kind == "binary":
        return classes.take((logits[:, 0] > 0) & (len(classes) > 1))
    if kind == "multilabel-indicator":
        return (logits > 0).astype(int)
    columns = [c.take(part.argmax(axis=1)) for c, part in zip(classes, split(classes, logits), strict=True)]
    return np.column_stack(columns)


def split(classes, values):
    """The parts of (n, n_outputs) that belong to each column of classes."""
    return np.split(values, np.cumsum([len(column) for column in classes])[:-1], axis=1)


def probabilities(kind, classes, values):
    """What predict_proba returns, from the outputs of the link."""
    if kind == "binary":
        if len(classes) == 1:
            return np.ones_like(values)
        return np.column_stack([1 - values, values])
    if kind == "multiclass-multioutput":
        return [np.ascontiguousarray(part) for part in split(classes, values)]
    return values


def class_weights_of_samples(class_weight, y, sample_weight):
    """The weight that each sample has from its class; for several columns the product over them.

    "balanced" gives every class the same share of the sample weights (of the rows, without them), so
    that a row that weighs 2 and a row that is there twice come out the same.
    """
    if not isinstance(class_weight, str):
        return compute_sample_weight(class_weight, y)
    weights = np.ones(len(y))
    for column in y.reshape(len(y), -1).T:
        classes, codes = np.unique(column, return_inverse=True)
        mass = np.bincount(codes, weights=sample_weight, minlength=len(classes))
        present = mass > 0
        share = np.divide(mass.sum(), present.sum() * mass, out=np.zeros(len(mass)), where=present)
        weights *= share[codes]
    return weights


def check_known(kind, classes, y):
    """Raise where y holds labels that are not in `classes`."""
    if kind == "multilabel-indicator":
        if y.shape[1] != len(classes):
            raise ValueError(f"y has {y.shape[1]} labels, the model was fitted with {len(classes)}.")
        return
    pairs = zip(classes, y.T, strict=True) if kind == "multiclass-multioutput" else [(classes, y)]
    for known, column in pairs:
        found = unique_labels(column)
        if len(np.setdiff1d(found, known)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {known}. 'y' has {found}."
            )


def encode_regression(y, loss, dtype):
    """y as (n, n_outputs) of the network's dtype."""
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(y.reshape(len(y), -1), dtype=dtype)
    if not np.isfinite(values).all():
        raise ValueError(
            f"y contains values too large for dtype('{np.dtype(dtype)}'); scale the target, or use "
            "dtype='float64'."
        )
    if loss == "poisson" and values.min() < 0:
        raise ValueError(f"loss='poisson' needs y >= 0; the smallest value is {values.min()}.")
    return values
