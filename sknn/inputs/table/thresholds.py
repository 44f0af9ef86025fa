"""Thresholds of the numbers of a table: where a decision tree of a column alone would split it."""

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

#: a leaf holds at least so many samples, and so large a share of them
SMALLEST_LEAF, SMALLEST_SHARE = 5, 0.002


def find_thresholds(values, targets, weights, n_most, of_classes):
    """At most `n_most` thresholds of one column, ascending.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers; samples where they are NaN are left out.
    targets : ndarray of shape (n, n_targets)
        Codes of classes, or numbers.
    weights : ndarray of shape (n,) or None
    n_most : int
    of_classes : bool

    Returns
    -------
    thresholds : ndarray of float64
        Between two neighbouring values each.
    """
    known = ~np.isnan(values)
    # a tree computes in float32, in which neighbouring values may be one: it gets their ranks
    distinct, ranks = np.unique(values[known], return_inverse=True)
    if len(ranks) < 2 * SMALLEST_LEAF:
        return np.empty(0)
    tree = DecisionTreeClassifier(criterion="entropy") if of_classes else DecisionTreeRegressor()
    tree.set_params(
        max_leaf_nodes=n_most + 1,
        min_samples_leaf=max(SMALLEST_LEAF, int(SMALLEST_SHARE * len(ranks))),
        random_state=0,  # ties between splits of one column
    )
    tree.fit(ranks[:, None], targets[known], None if weights is None else weights[known])
    splits = tree.tree_.threshold[tree.tree_.feature >= 0]
    below = np.sort(splits.astype(np.intp))
    low, high = distinct[below], distinct[below + 1]
    middle = low + (high / 2 - low / 2)
    return np.where(middle < high, middle, low)
