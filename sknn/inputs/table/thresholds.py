"""Threshold features: where a decision tree of a feature alone would split it."""

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

#: a leaf holds at least so many samples, and so large a fraction of them
SMALLEST_LEAF, SMALLEST_FRACTION = 5, 0.002


def find_thresholds(values, targets, weights, n_most, of_classes):
    """At most `n_most` thresholds of one feature, ascending.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Of the feature; samples where they are NaN are left out.
    targets : ndarray of shape (n, n_targets)
        Class numbers, or continuous targets.
    weights : ndarray of shape (n,) or None
    n_most : int
    of_classes : bool

    Returns
    -------
    thresholds : ndarray of float64
        Between two neighboring values each.
    """
    known = ~np.isnan(values)
    # a tree computes in float32, in which neighboring values may be one: it gets their ranks
    distinct, ranks = np.unique(values[known], return_inverse=True)
    if len(ranks) < 2 * SMALLEST_LEAF:
        return np.empty(0)
    tree = DecisionTreeClassifier(criterion="entropy") if of_classes else DecisionTreeRegressor()
    tree.set_params(
        max_leaf_nodes=n_most + 1,
        min_samples_leaf=max(SMALLEST_LEAF, int(SMALLEST_FRACTION * len(ranks))),
        random_state=0,  # ties between splits of one feature
    )
    # as a forest does; fit would make a model of each of them where MLflow logs all that is fitted
    tree._fit(ranks[:, None], targets[known], None if weights is None else weights[known])
    splits = tree.tree_.threshold[tree.tree_.feature >= 0]
    below = np.sort(splits.astype(np.intp))
    low, high = distinct[below], distinct[below + 1]
    middle = low + (high / 2 - low / 2)
    return np.where(middle < high, middle, low)
