"""Tabular data as the estimators of tabular data take them."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_y

from sknn._warnings import warn
from sknn.inputs.dataset import some_of
from sknn.inputs.dense import NO_TARGETS, check_sparse, refuse_sparse
from sknn.inputs.table.columns import TableColumns, parse_categorical, validate_table
from sknn.inputs.table.encoder import TableEncoder
from sknn.inputs.table.statistics import MOST_COLUMNS, KnownTargets

#: seconds that a decision tree takes for each value of a feature, in all of them that find thresholds
SECONDS_OF_A_VALUE = 1e-6


class TableInput:
    """A data frame or an array of any type, whose features are encoded for the networks.

    Parameters
    ----------
    encoder : TableEncoder or None, default=None
        What was learned about the features; None before the first fit.
    """

    def __init__(self, encoder=None):
        self.encoder = encoder
        self._statistics = {}

    def validate(self, estimator, X, y=NO_TARGETS, *, numeric=False, reset=False):
        """Validate X, and y where it is given; see :meth:`sknn.inputs.dense.DenseInput.validate`."""
        if y is None:
            raise ValueError(
                f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is "
                "None."
            )
        if y is NO_TARGETS and not reset and self._is_ready(estimator, X):
            return X
        X = validate_table(estimator, X, reset=reset)
        if y is NO_TARGETS:
            return X
        check_sparse(y, "y")
        if numeric:
            refuse_sparse(y)
        y = _check_y(y, multi_output=True, y_numeric=numeric, estimator=estimator)
        check_consistent_length(X, y)
        return X, y

    def _is_ready(self, estimator, X):
        """Whether X is a plain array, of which scikit-learn's validation would change or refuse nothing."""
        return (
            type(X) is np.ndarray
            and X.dtype.char in "fd"
            and X.ndim == 2
            and X.shape[1] == len(self.encoder.learned)
            and len(X) > 0
            and "feature_names_in_" not in vars(estimator)
            and not np.isinf(X).any()
        )

    def learn(self, X, samples, categorical_features, names, n_bins, clip):
        """Learn how each feature is encoded, from these samples.

        Parameters
        ----------
        X : validated tabular data
        samples : ndarray of int
        categorical_features : the parameter of the estimator
        names : ndarray of str or None
            Of the features.
        n_bins : int or None
            Bins of the piecewise-linear embedding.
        clip : bool
            Whether numerical features are clipped smoothly.

        Returns
        -------
        is_categorical : ndarray of bool
        """
        columns = _columns(X, samples)
        is_categorical = parse_categorical(categorical_features, columns, names)
        self.encoder = TableEncoder(columns, is_categorical, n_bins, clip)
        if isinstance(categorical_features, str):
            self._warn_of_numbers(columns)
        return is_categorical

    def _warn_of_numbers(self, columns):
        """Warns of numerical features that a single "?" made columns of strings."""
        suspects = self.encoder.mostly_numbers
        names = [columns.name(i) for i in suspects if not columns.is_declared(i)]
        if names:
            warn(
                f"Most values in column {', '.join(names)} are numbers, but they are taken as categories. "
                "Make numbers of them, and NaN of the others, for example with "
                "pandas.to_numeric(column, errors='coerce'); if they are categories, give the column a "
                "categorical dtype, or name all such columns in categorical_features."
            )

    def learn_statistics(self, X, samples, targets, weights, groups, of_classes):
        """Learn target statistics of rare categories from these samples.

        Parameters
        ----------
        X : validated tabular data
        samples : ndarray of int
        targets : ndarray of shape (n_samples, n_targets)
            Of these samples: class numbers or continuous.
        weights : ndarray of shape (n_samples,) or None
        groups : ndarray of int (n_samples,)
            Numbers of what belongs together.
        of_classes : bool
        """
        known = KnownTargets.of(targets, weights, groups, of_classes)
        if known.values.shape[1] > MOST_COLUMNS:
            return
        found = self.encoder.learn_statistics(_columns(X, samples), known)
        for i, of_others in found.items():
            whole = np.zeros((X.shape[0], of_others.shape[1]))
            whole[samples] = of_others  # those that do not count are never looked at
            self._statistics[i] = whole

    def has_time_for_thresholds(self, n_samples, n_threads, max_time):
        """Whether a tenth of `max_time` is enough for a decision tree of every numerical feature."""
        if max_time is None:
            return True
        seconds = n_samples * self.encoder.n_numbers * SECONDS_OF_A_VALUE / n_threads
        return seconds < 0.1 * max_time

    def learn_thresholds(self, X, samples, targets, weights, n_most, of_classes, n_threads):
        """Learn threshold features from these samples; returns whether there are any."""
        statistics = {i: found[samples] for i, found in self._statistics.items()}
        self.encoder.learn_thresholds(
            _columns(X, samples), statistics, targets, weights, n_most, of_classes, n_threads
        )
        return self.encoder.n_thresholds > 0

    def encoded(self, X, dtype):
        """Rows (n, width) of validated X."""
        return self.encoder.encode(TableColumns(X), dtype)

    def encoded_training(self, X, dtype):
        """Rows (n, width) of the data that was learned from: no sample is told its own target."""
        return self.encoder.encode(TableColumns(X), dtype, self._statistics)


def _columns(X, samples):
    """Some samples of tabular data."""
    return TableColumns(X if len(samples) == X.shape[0] else some_of(X, samples))
