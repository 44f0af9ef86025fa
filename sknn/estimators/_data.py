"""Samples: validated input as the engine reads it, weights, and the split for early stopping."""

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_sample_weight


def rows_of(engine, X, dtype):
    """The engine's Rows of a validated array (no copy) or CSR matrix (no copy where the parts fit)."""
    if not sp.issparse(X):
        return engine.Rows(X)
    check_range(X, dtype)
    X = X if X.has_sorted_indices else X.sorted_indices()
    parts = (
        X.data.astype(dtype, copy=False),
        X.indices.astype(np.int32, copy=False),
        X.indptr.astype(np.int64, copy=False),
    )
    return engine.Rows(parts, X.shape[1])


def check_range(X, dtype):
    """Raise for values that float64 holds and float32 does not."""
    values = X.data if sp.issparse(X) else X
    if values.dtype == np.float64 and dtype == np.float32 and values.size:
        largest = max(values.max(), -values.min())
        if largest > np.finfo(np.float32).max:
            raise ValueError(
                "Input X contains infinity or a value too large for dtype('float32'): "
                f"{largest:.3g}. Scale the input, or use dtype='float64'."
            )


def clip_batch_size(batch_size, n_samples):
    """Samples of a mini-batch."""
    if batch_size == "auto":
        return min(200, n_samples)
    if batch_size > n_samples:
        warnings.warn(
            f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped to "
            f"{n_samples}.",
            stacklevel=5,
        )
    return min(batch_size, n_samples)


def check_weights(sample_weight, X):
    """Weights of the samples as an array of float64, or None where there are none."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if not weights.any():
        raise ValueError("sample_weight is zero for every sample; give at least one a weight > 0.")
    if weights.min() < 0:
        raise ValueError(f"sample_weight must be >= 0; the smallest is {weights.min():g}.")
    return weights


def training_samples(n_samples, weights):
    """Numbers of the samples that count: a weight of zero means that the row is not there."""
    if weights is None or weights.all():
        return np.arange(n_samples, dtype=np.intp)
    return np.flatnonzero(weights).astype(np.intp, copy=False)


def split_holdout(samples, fraction, random_state, stratify, must_stratify):
    """(training, holdout) numbers of samples; (all, None) and a warning where there are too few.

    The draws are those of ``train_test_split`` on the data, as in scikit-learn's MLP. Several classes
    are stratified where their numbers allow it, two classes always.
    """
    n_holdout = int(np.ceil(fraction * len(samples)))
    if stratify is not None:
        counts = np.unique(stratify, return_counts=True)[1]
        n_classes = len(counts)
        possible = counts.min() > 1 and n_classes <= min(n_holdout, len(samples) - n_holdout)
        if not possible and not must_stratify:
            stratify = None
        elif counts.min() > 1 and not possible:
            _warn_no_holdout(fraction, samples, n_holdout)
            return samples, None
    if n_holdout < 2 <= len(samples) - 1:
        _warn_no_holdout(fraction, samples, n_holdout)
        return samples, None
    train, holdout = train_test_split(
        samples,
        random_state=random_state,
        test_size=fraction,
        stratify=None if stratify is None else stratify.reshape(-1, 1),
    )
    if len(holdout) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )
    return np.ascontiguousarray(train), np.ascontiguousarray(holdout)


def _warn_no_holdout(fraction, samples, n_holdout):
    warnings.warn(
        f"validation_fraction={fraction} of {len(samples)} samples leaves {n_holdout} to validate on, "
        "too few: training goes on without early stopping. Increase validation_fraction, or pass X_val "
        "and y_val.",
        stacklevel=7,
    )


def take(X, samples):
    """Rows of an array or sparse matrix, copied."""
    return None if X is None else _safe_indexing(X, samples)
