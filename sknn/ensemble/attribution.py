"""What the outputs of an ensemble depend on: importances of features, gradients, attributions."""

import numpy as np

from sknn.inputs.table.features import CategoricalFeature

#: samples times features that are looked at for importances
IMPORTANCE_VALUES = 20_000
FEWEST_SAMPLES = 64


def importance_samples(samples, groups):
    """Samples that importances take where there is time enough."""
    return min(len(samples), max(IMPORTANCE_VALUES // max(len(groups), 1), FEWEST_SAMPLES))


def importances(network, program, weights, samples, groups, random_state, n_samples):
    """The rise of the loss when each feature is shuffled among the samples.

    Parameters
    ----------
    network : Network
    program : the engine's Program
    weights : (coefs, intercepts)
    samples : Encoded or Chosen
    groups : list of ndarray
        For each feature its columns in an encoded sample.
    random_state : RandomState
    n_samples : int
        Samples to take at random; 0 for no rises.

    Returns
    -------
    rises : ndarray of shape (n_features,)
    """
    if n_samples == 0:
        return np.zeros(len(groups))
    n = min(n_samples, len(samples))
    few = samples.take(network.engine, random_state.permutation(len(samples))[:n])
    logits = np.empty((n, network.output_shape[0]), network.dtype)

    def loss():
        network.engine.forward(program, few.rows, *weights, logits)
        return network.engine.loss_of(program, logits, few.targets, few.weights)

    before, rises = loss(), np.zeros(len(groups))
    for number, group in enumerate(groups):
        group = group[group < few.X.shape[1]]  # the network may take but the beginning of a sample
        if len(group):
            kept = few.X[:, group].copy()
            few.X[:, group] = kept[random_state.permutation(n)]
            rises[number] = loss() - before
            few.X[:, group] = kept
    return rises


def normalized(rises):
    """Rises of the loss as fractions of their sum; zeros where nothing matters."""
    rises = np.maximum(rises, 0)
    total = rises.sum()
    return rises / total if total > 0 else rises


def feature_gradients(encoder, columns, encoded):
    """Gradients with respect to the features, from those with respect to an encoded sample.

    Parameters
    ----------
    encoder : TableEncoder
    columns : TableColumns
        The samples.
    encoded : ndarray (n, width)

    Returns
    -------
    gradients : ndarray (n, n_features)
        NaN for categorical features; 0 where a value is missing or a feature was constant in fit.
    """
    gradients = np.zeros((len(encoded), columns.n_columns))
    pairs = zip(encoder.learned, encoder.groups, strict=True)
    for number, (learned, group) in enumerate(pairs):
        if isinstance(learned, CategoricalFeature):
            gradients[:, number] = np.nan
        elif not learned.is_constant:
            slope = learned.slope(columns.numbers(number))
            gradients[:, number] = encoded[:, group[0]] * slope
    return gradients


def integrated_gradients(ensemble, encoder, rows, which, n_steps):
    """Attributions of one output to the features, along a line from the average encoded sample.

    Parameters
    ----------
    ensemble : FittedEnsemble
    encoder : TableEncoder
    rows : ndarray (n, width)
        Encoded samples.
    which : int
        Number of the output.
    n_steps : int
        Points of the line, midpoints of equal parts.

    Returns
    -------
    attributions : ndarray (n, n_features)
    """
    codes = encoder.codes
    at = np.zeros_like(rows)
    at[:, codes] = -1
    attributions = np.zeros((len(rows), encoder.width))
    before = ensemble.combined(at)[:, which]
    for column in range(codes.start, codes.stop):
        at[:, column] = rows[:, column]
        after = ensemble.combined(at)[:, which]
        attributions[:, column] = after - before
        before = after
    path = rows - at
    for step in range(n_steps):
        gradients = ensemble.gradients(at + path * ((step + 0.5) / n_steps), which)
        attributions += path * gradients / n_steps
    columns = [attributions[:, group].sum(axis=1) for group in encoder.groups]
    return np.stack(columns, axis=1)
