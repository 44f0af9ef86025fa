"""What the outputs of an ensemble of tables depend on: columns shuffled, slopes, attributions."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from sknn.estimators._snapshot import on_snapshot
from sknn.estimators._table import TableColumns, validate_table
from sknn.estimators._table_encoder import Categories

#: rows times columns that are looked at for importances
IMPORTANCE_ROWS = 20_000
FEWEST_ROWS = 64


def importance_rows(samples, groups):
    """Samples that importances take where there is time enough."""
    return min(len(samples.X), max(IMPORTANCE_ROWS // max(len(groups), 1), FEWEST_ROWS))


def importances(network, program, weights, samples, groups, random_state, n_rows):
    """The rise of the loss for samples when each column of the table is shuffled among them.

    Parameters
    ----------
    network : Network
    program : the engine's Program
    weights : (coefs, intercepts)
    samples : Samples
    groups : list of ndarray
        For each column of the table its columns in an encoded row.
    random_state : RandomState
    n_rows : int
        Samples to take at random; 0 for no rises.

    Returns
    -------
    rises : ndarray of shape (n_columns,)
    """
    if n_rows == 0:
        return np.zeros(len(groups))
    n = min(n_rows, len(samples.X))
    few = samples.take(network.engine, random_state.permutation(len(samples.X))[:n])
    logits = np.empty((n, network.output_shape[0]), network.dtype)

    def loss():
        network.engine.forward(program, few.rows, *weights, logits)
        return network.engine.loss_of(program, logits, few.targets, few.weights)

    before, rises = loss(), np.zeros(len(groups))
    for number, group in enumerate(groups):
        group = group[group < few.X.shape[1]]  # the network may take but the beginning of a row
        if len(group):
            kept = few.X[:, group].copy()
            few.X[:, group] = kept[random_state.permutation(n)]
            rises[number] = loss() - before
            few.X[:, group] = kept
    return rises


def normalised(rises):
    """Rises of the loss as shares; zeros where nothing matters."""
    rises = np.maximum(rises, 0)
    total = rises.sum()
    return rises / total if total > 0 else rises


class Explanations:
    """Slopes and attributions of an estimator of tables."""

    @on_snapshot
    def input_gradients(self, X, output=None):
        """Compute the gradients of an output with respect to the numerical features.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples.
        output : int or None, default=None
            Which output: for a regressor the column of y, for a classifier the number of the class
            (of the label, where there are several), whose logit is meant as `decision_function` has it. None
            is the only one, and for two classes the second; for more it must be given.

        Returns
        -------
        slopes : ndarray of shape (n, n_features)
            ∂ output / ∂ x in units of y (or logits) per unit of the column. NaN for
            categories; 0 where a value is missing or a column was constant in fit. The bounds that
            predictions are clipped to are left out.
        """
        table, rows = self._rows_of_table(X)
        encoded = self._encoded_gradients(rows, self._which_output(output))
        slopes = np.zeros((len(rows), table.n_columns))
        for number, (learned, group) in enumerate(
            zip(self._encoder.learned, self._encoder.groups, strict=True)
        ):
            if isinstance(learned, Categories):
                slopes[:, number] = np.nan
            elif not learned.is_constant:
                slopes[:, number] = encoded[:, group[0]] * learned.slope(table.numbers(number))
        return slopes

    @on_snapshot
    def integrated_gradients(self, X, output=None, n_steps=32):
        """Attribute the difference between an output and that of an average sample to the features.

        From the medians of the numbers and the middle of the one-hot columns a straight line leads to the
        encoded sample; along it slopes are integrated (Sundararajan, Taly & Yan, ICML 2017). Categories
        with learned vectors are exchanged before, one column after the other.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples.
        output : int or None, default=None
            As for `input_gradients`.
        n_steps : int, default=32
            Points of the line, midpoints of equal parts, >= 1.

        Returns
        -------
        shares : ndarray of shape (n, n_features)
            In units of the output. Their sum over the columns is the output less that of the average row, but for
            the error of the integral.
        """
        if n_steps < 1:
            raise ValueError(f"n_steps={n_steps!r} must be an integer >= 1.")
        _, rows = self._rows_of_table(X)
        which, codes = self._which_output(output), self._encoder.codes
        at = np.zeros_like(rows)
        at[:, codes] = -1
        shares = np.zeros((len(rows), self._encoder.width))
        before = self._encoded_outputs(at)[:, which]
        for column in range(codes.start, codes.stop):
            at[:, column] = rows[:, column]
            after = self._encoded_outputs(at)[:, which]
            shares[:, column] = after - before
            before = after
        way = rows - at
        for step in range(n_steps):
            slopes = self._encoded_gradients(at + way * ((step + 0.5) / n_steps), which)
            shares += way * slopes / n_steps
        columns = [shares[:, group].sum(axis=1) for group in self._encoder.groups]
        return np.stack(columns, axis=1)

    def _rows_of_table(self, X):
        check_is_fitted(self)
        self._validate_changed(("n_threads",))
        table = TableColumns(validate_table(self, X, reset=False))
        return table, self._encoder.encode(table, self._fitted_dtype())

    def _which_output(self, output):
        """The network's output that is meant."""
        known = (
            [1] if self.n_outputs_ == 1 and is_classifier(self) else list(range(self.n_outputs_))
        )
        if output is None and len(known) == 1:
            return 0
        if output not in known:
            raise ValueError(f"output={output!r} must be one of {known}.")
        return known.index(output)

    def _encoded_outputs(self, rows):
        """Outputs for encoded rows, (n, n_outputs) in float64, not clipped."""
        return self._combined(self._outputs_of_rows(rows))

    def _encoded_gradients(self, rows, which):
        """Slopes of one output along encoded rows."""
        outputs, total = self._outputs_of_rows(rows), np.zeros(rows.shape)
        kinds = self._kinds(rows)
        for member, slopes in zip(
            self.estimators_, self._output_slopes(outputs, which), strict=True
        ):
            network, _, engine_rows = kinds[member.kind]
            weights = member.coefs, member.intercepts
            total[:, : network.n_features] += network.input_gradients(engine_rows, weights, slopes)
        return total
