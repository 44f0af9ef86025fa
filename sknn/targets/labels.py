"""Class labels as targets: what users pass as y, what a loss takes, and the way back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknn.losses import Loss
from sknn.targets.class_weight import class_weights_of_samples

SOFTMAX = {"multiclass", "multiclass-multioutput"}
#: types of targets of classifiers, in scikit-learn's words
KINDS = {"binary", "multilabel-indicator", *SOFTMAX}


@dataclass
class Labels:
    """One column of classes, several columns of classes, or a matrix of labels.

    A classifier minimizes the cross-entropy: of a softmax for several classes, of a logistic function
    for two classes or several labels, of one softmax per column for several columns of classes.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator", "multiclass-multioutput"}
        As scikit-learn's ``type_of_target`` names it.
    classes : ndarray, or list of them for several columns of classes
    sparse : bool, default=False
        Whether fit was given a sparse matrix of labels.
    class_weight : dict, list of dict, "balanced" or None, default=None
    smoothing : float, default=0.0
    """

    kind: str
    classes: Any
    sparse: bool = False
    class_weight: Any = None
    smoothing: float = 0.0

    @property
    def attributes(self):
        """The fitted attributes of an estimator that hold what was learned."""
        return {
            "classes_": self.classes,
            "_target_kind": self.kind,
            "_sparse_targets": self.sparse,
        }

    @property
    def group_sizes(self):
        if self.kind == "multiclass-multioutput":
            return tuple(len(column) for column in self.classes)
        if self.kind == "binary" and len(self.classes) > 2:  # a user has assigned classes_
            raise ValueError(
                f"classes_ has {len(self.classes)} labels, but the network is for two."
            )
        several = self.kind in {"multiclass", "multilabel-indicator"}
        return (len(self.classes) if several else 1,)

    @property
    def n_outputs(self):
        """Outputs of the network."""
        return sum(self.group_sizes)

    @property
    def loss(self):
        return Loss(
            "softmax" if self.kind in SOFTMAX else "binary", self.group_sizes, self.smoothing
        )

    @property
    def plain_loss(self):
        """The loss without what only training wants: label smoothing."""
        return Loss("softmax" if self.kind in SOFTMAX else "binary", self.group_sizes)

    # ---- y ------------------------------------------------------------------------------------

    def columns(self, y):
        """(classes, values) of every column of targets."""
        values = np.reshape(y, (len(y), -1)).T
        if self.kind == "multilabel-indicator":
            return [(np.arange(2), column) for column in values]
        several = self.kind == "multiclass-multioutput"
        return list(zip(self.classes if several else [self.classes], values, strict=True))

    def check(self, y):
        return self.check_known(kind_of_labels(y)[1])

    def check_known(self, y):
        """y; raises where it is of another form than that of fit, or holds labels that fit did not see."""
        one_column = self.kind in {"binary", "multiclass"}
        expected = 1 if one_column else len(self.classes)
        n_columns = 1 if y.ndim == 1 else y.shape[1]
        if (y.ndim == 1) != one_column or n_columns != expected:
            raise ValueError(
                f"y has {n_columns} columns of labels, the model was fitted with {expected}."
            )
        for known, column in self.columns(y):
            found = np.unique(column)
            if len(np.setdiff1d(found, known)):
                raise ValueError(
                    "`y` has classes not in `self.classes_`. "
                    f"`self.classes_` has {known}. 'y' has {found}."
                )
        return y

    def hint(self, y):
        """Warn where targets want another form; labels do not."""

    def encode(self, y, dtype):
        """Class numbers (n, n_columns) of int32 for softmax losses, 0 and 1 (n, n_outputs) otherwise."""
        if self.kind == "multilabel-indicator":
            return np.ascontiguousarray(y, dtype=dtype)
        if self.kind == "multiclass-multioutput":
            pairs = zip(self.classes, y.T, strict=True)
            codes = [np.searchsorted(classes, column) for classes, column in pairs]
            return np.ascontiguousarray(np.column_stack(codes), dtype=np.int32)
        numbers = np.searchsorted(self.classes, y)
        return numbers.reshape(-1, 1).astype(np.int32 if self.kind == "multiclass" else dtype)

    def weighted(self, y, sample_weight):
        if self.class_weight is None:
            return sample_weight
        weights = class_weights_of_samples(self.class_weight, self.columns(y), sample_weight)
        return weights if sample_weight is None else weights * sample_weight

    def strata(self, y):
        if self.kind == "binary" and len(self.classes) == 2:
            return y == self.classes[1]
        return np.searchsorted(self.classes, y) if self.kind == "multiclass" else None

    # ---- predictions ---------------------------------------------------------------------------

    def decode(self, logits):
        """Labels from logits; a CSR matrix where fit was given a sparse one."""
        labels = self._decode(logits)
        return sp.csr_matrix(labels) if self.sparse else labels

    def _decode(self, logits):
        if self.kind == "multiclass":
            return self.classes.take(logits.argmax(axis=1))
        if self.kind == "binary":
            return self.classes.take((logits[:, 0] > 0) & (len(self.classes) > 1))
        if self.kind == "multilabel-indicator":
            return (logits > 0).astype(int)
        pairs = zip(self.classes, self.split(logits), strict=True)
        return np.column_stack([classes.take(part.argmax(axis=1)) for classes, part in pairs])

    def split(self, values):
        """The parts of (n, n_outputs) that belong to each column of classes."""
        ends = np.cumsum([len(column) for column in self.classes])[:-1]
        return [np.ascontiguousarray(part) for part in np.split(values, ends, axis=1)]

    def probabilities(self, values):
        """What predict_proba returns, from the outputs of the link."""
        if self.kind == "binary":
            if len(self.classes) == 1:
                return np.ones_like(values)
            return np.column_stack([1 - values, values])
        return self.split(values) if self.kind == "multiclass-multioutput" else values

    def decisions(self, logits):
        """What decision_function returns."""
        logits = logits.astype(np.float64, copy=False)
        if self.kind == "binary":
            return logits.ravel()
        return self.split(logits) if self.kind == "multiclass-multioutput" else logits

    def score(self, logits, y, sample_weight):
        return self.accuracy(y, self._decode(logits), sample_weight)

    def accuracy(self, y, labels, sample_weight):
        """Fraction of the samples that are right in all columns, by their weights."""
        if self.kind == "multiclass-multioutput":
            right = (labels == np.asarray(y)).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return accuracy_score(y, labels, sample_weight=sample_weight)


def learn_labels(y, known=None, classes=None, incremental=False, **options):
    """What y says about the classes, or a check against those that are known.

    Parameters
    ----------
    y : array-like or sparse matrix
    known : Labels or None, default=None
        Those of an earlier fit that training continues from.
    classes : array-like or None, default=None
        What partial_fit was told.
    incremental : bool, default=False
        Whether this is partial_fit, whose first call says which classes there will be.
    **options
        `class_weight` and `smoothing`.

    Returns
    -------
    labels : Labels
    y : ndarray
        Validated.
    """
    sparse = sp.issparse(y)
    kind, y = kind_of_labels(y)
    if known is None and not incremental:
        return Labels(kind, _find_classes(kind, y), sparse, **options), y
    if known is None:
        found = _all_classes(kind, y, classes)
        known = Labels(_kind_of_classes(kind, found), found, sparse, **options)
    elif incremental:
        if classes is not None and not _same_classes(_unique_classes(classes), known.classes):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{known.classes!r}"
            )
    elif not _same_classes(found := _find_classes(kind, y), known.classes):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous call to "
            f"fit. Previously got {known.classes}, `y` has {found}"
        )
    return known, known.check_known(y)


def kind_of_labels(y):
    """(type of target, y as a dense array; a single column becomes one-dimensional)."""
    if sp.issparse(y) and y.shape[1] == 1:
        raise TypeError("A sparse y is a matrix of several labels; give one column as y.toarray().")
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    if kind not in KINDS:  # scikit-learn's error; the question takes a tenth of a small fit
        check_classification_targets(y)
    if sp.issparse(y):
        y = y.toarray()
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1 and kind != "multilabel-indicator":
        y = column_or_1d(y, warn=True)
        kind = type_of_target(y)
    return kind, y


def _find_classes(kind, y):
    """Sorted labels: an array, or for several columns of classes a list of arrays."""
    if kind == "multilabel-indicator":
        return np.arange(y.shape[1])
    if kind == "multiclass-multioutput":
        return [np.unique(column) for column in y.T]
    # of objects, scikit-learn says which types are mixed
    return unique_labels(y) if y.dtype.kind == "O" else np.unique(y)


def _all_classes(kind, y, classes):
    """Those that the first call of partial_fit says there will be."""
    if classes is None:
        raise ValueError("classes must be passed on the first call to partial_fit.")
    if kind == "multilabel-indicator" and not _is_list_of_classes(classes):
        return np.arange(y.shape[1])
    return _unique_classes(classes)


def _kind_of_classes(kind, classes):
    """The type of target that a set of classes makes of y: partial_fit may see only some of them."""
    if isinstance(classes, list):
        return "multiclass-multioutput"
    if kind == "multilabel-indicator":
        return kind
    return "multiclass" if len(classes) > 2 else "binary"


def _is_list_of_classes(classes):
    """Whether these are the classes of several columns."""
    return isinstance(classes, (list, tuple)) and all(np.ndim(column) == 1 for column in classes)


def _unique_classes(classes):
    """Sorted classes of one column, or a list of them."""
    if _is_list_of_classes(classes):
        return [np.unique(column) for column in classes]
    return unique_labels(classes)


def _same_classes(found, known):
    """Whether the classes of one column, or of several, are the same."""
    if isinstance(found, list) != isinstance(known, list):
        return False
    if not isinstance(found, list):
        found, known = [found], [known]
    return len(found) == len(known) and all(map(np.array_equal, found, known))
