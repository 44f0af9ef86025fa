"""Weights of classes as weights of samples."""

from numbers import Real

import numpy as np

from sknn.inputs.table.columns import plain


def class_weights_of_samples(class_weight, label_columns, sample_weight):
    """The weight that each sample has from its class; for several columns the product over them.

    "balanced" gives every class the same sum of sample weights (the same number of samples, without them), so
    that a sample that weighs 2 and one that is there twice come out the same.
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
