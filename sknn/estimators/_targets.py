"""Targets: from what users pass as y to what a loss takes, and back to labels."""

from numbers import Real

import numpy as np
import scipy.sparse as sp
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknn.estimators._table import plain
from sknn.losses import Loss


def kind_of_labels(y):
    """(type of target, y as a dense array; a single column becomes one-dimensional)."""
    if sp.issparse(y) and y.shape[1] == 1:
        raise TypeError("A sparse y is a matrix of several labels; give one column as y.toarray().")
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
    if isinstance(classes, list):
        return "multiclass-multioutput"
    if kind == "multilabel-indicator":
        return kind
    return "multiclass" if len(classes) > 2 else "binary"


def columns(kind, classes, y):
    """(classes, values) of every column of targets."""
    values = np.reshape(y, (len(y), -1)).T
    if kind == "multilabel-indicator":
        return [(np.arange(2), column) for column in values]
    known = classes if kind == "multiclass-multioutput" else [classes]
    return list(zip(known, values, strict=True))


def is_list_of_classes(classes):
    """Whether these are the classes of several columns."""
    return isinstance(classes, (list, tuple)) and all(np.ndim(column) == 1 for column in classes)


def unique_classes(classes):
    """Sorted classes of one column, or a list of them."""
    if is_list_of_classes(classes):
        return [np.unique(column) for column in classes]
    return unique_labels(classes)


def same_classes(found, known):
    """Whether two sets of classes, of one column or of several, are equal."""
    if isinstance(found, list) != isinstance(known, list):
        return False
    if not isinstance(found, list):
        found, known = [found], [known]
    return len(found) == len(known) and all(map(np.array_equal, found, known))


def group_sizes(kind, classes):
    """Classes of each softmax, or the number of outputs of the logistic function."""
    if kind == "multiclass-multioutput":
        return tuple(len(column) for column in classes)
    if kind == "binary" and len(classes) > 2:  # a user has assigned classes_
        raise ValueError(f"classes_ has {len(classes)} labels, but the network is for two.")
    return (len(classes) if kind in {"multiclass", "multilabel-indicator"} else 1,)


def classification_loss(kind, classes, smoothing):
    """Binary cross-entropy for two classes or several labels, else one softmax per column."""
    softmax = kind in {"multiclass", "multiclass-multioutput"}
    return Loss("softmax" if softmax else "binary", group_sizes(kind, classes), smoothing)


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
    columns = [
        c.take(part.argmax(axis=1)) for c, part in zip(classes, split(classes, logits), strict=True)
    ]
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


def class_weights_of_samples(class_weight, label_columns, sample_weight):
    """The weight that each sample has from its class; for several columns the product over them.

    "balanced" gives every class the same share of the sample weights (of the rows, without them), so
    that a row that weighs 2 and a row that is there twice come out the same.
    """
    several = isinstance(class_weight, list)
    if several != (len(label_columns) > 1) and class_weight != "balanced":
        raise ValueError(
            "class_weight must be a dict for one column of labels, and a list of dict, one for each, for "
            f"several; got {class_weight!r} for {len(label_columns)} columns."
        )
    given = class_weight if several else [class_weight] * len(label_columns)
    if several and not all(isinstance(weights_of_column, dict) for weights_of_column in given):
        raise ValueError(f"class_weight must be a list of dict for several columns, got {given!r}.")
    if len(given) != len(label_columns):
        raise ValueError(f"class_weight has {len(given)} dicts for {len(label_columns)} columns.")
    weights = 1.0
    for weights_of_column, (classes, column) in zip(given, label_columns, strict=True):
        codes = np.searchsorted(classes, column)
        if class_weight == "balanced":
            of_classes = _balanced(codes, len(classes), sample_weight)
        else:
            of_classes = _listed(weights_of_column, classes)
        weights = weights * of_classes[codes]
    return weights


def _balanced(codes, n_classes, sample_weight):
    mass = np.bincount(codes, weights=sample_weight, minlength=n_classes)
    present = mass > 0
    return np.divide(mass.sum(), present.sum() * mass, out=np.zeros(n_classes), where=present)


def _listed(class_weight, classes):
    """The numbers of a dict, 1 for classes that it does not name.

    It may name classes that are not there, as where a fold lacks one, if it names all that are: the
    rule of scikit-learn's ``compute_class_weight``.
    """
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise ValueError(
                f"class_weight must be numbers >= 0; that of the class {plain(label)!r} is "
                f"{plain(weight)!r}."
            )
    labels = classes.tolist()
    unknown = [plain(label) for label in class_weight if label not in labels]
    unnamed = [label for label in labels if label not in class_weight]
    if unknown and unnamed:
        raise ValueError(
            f"class_weight names {unknown}, which y does not have, and gives no weight to {unnamed}; the "
            f"classes of y are {labels}."
        )
    return np.array([class_weight.get(label, 1.0) for label in labels], dtype=np.float64)


def check_known(kind, classes, y):
    """Raise where y is of another form than the targets of fit, or holds labels it did not have."""
    expected = 1 if kind in {"binary", "multiclass"} else len(classes)
    n_columns = 1 if y.ndim == 1 else y.shape[1]
    if (y.ndim == 1) != (kind in {"binary", "multiclass"}) or n_columns != expected:
        raise ValueError(
            f"y has {n_columns} columns of labels, the model was fitted with {expected}."
        )
    for known, column in columns(kind, classes, y):
        found = np.unique(column)
        if len(np.setdiff1d(found, known)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {known}. 'y' has {found}."
            )


def encode_regression(y, loss, dtype):
    """y as (n, n_outputs) of the network's dtype; what it must be is asked before it is rounded."""
    if loss == "poisson" and y.min() < 0:
        raise ValueError(f"loss='poisson' needs y >= 0; the smallest value is {y.min()}.")
    if loss == "gamma" and y.min() <= 0:
        raise ValueError(f"loss='gamma' needs y > 0; the smallest value is {y.min()}.")
    values = np.ascontiguousarray(y.reshape(len(y), -1), dtype=dtype)
    if loss == "gamma" and not values.all():
        raise ValueError(
            f"loss='gamma' needs y > 0; the smallest value {y.min()} is 0 in {values.dtype}. Use other "
            "units of y, or dtype='float64'."
        )
    return values
