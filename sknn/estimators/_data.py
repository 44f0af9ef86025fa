"""Samples: validated input as the engine reads it, weights, and the split for early stopping."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, signature

import numpy as np
import scipy.sparse as sp
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_sample_weight

#: samples of a validation set whose scores say something, and of each class in it
FEWEST_TO_VALIDATE, FEWEST_OF_A_CLASS = 20, 2


@contextmanager
def missing_values_explained(estimator):
    """Where validation refuses NaN in X, say who takes it: the estimators here before those of others."""
    try:
        yield
    except ValueError as error:
        refused, _, explained = str(error).partition("\n")
        if "does not accept missing values" not in explained:
            raise
        raise ValueError(
            f"{refused}\n{type(estimator).__name__} does not accept missing values encoded as NaN. "
            "sknn.TabularClassifier and sknn.TabularRegressor do; or put an imputer before it in a "
            "pipeline, see https://scikit-learn.org/stable/modules/impute.html"
        ) from None


def some_of(X, samples):
    """Some samples of an array or of a frame, copied."""
    if hasattr(type(X), "column_names"):  # pyarrow, which scikit-learn 1.6 cannot index
        return X.take(samples)
    return _safe_indexing(X, samples)


@dataclass
class Data:
    """Validated samples."""

    X: object
    y: np.ndarray
    #: what the user gave
    sample_weight: np.ndarray | None
    #: sample weights times class weights: what training and every score see
    weights: np.ndarray | None
    #: X as scorers and callbacks see it: with the names of its features where it has some
    seen: object

    def take(self, samples):
        """Some of the samples, copied."""

        def pick(part):
            return None if part is None else some_of(part, samples)

        X = pick(self.X)
        seen = X if self.seen is self.X else pick(self.seen)
        return Data(X, pick(self.y), pick(self.sample_weight), pick(self.weights), seen)

    def weights_as(self, dtype):
        """`weights` as the engine takes them."""
        return None if self.weights is None else self.weights.astype(dtype, copy=False)

    def scored_by(self, scorer, estimator):
        """The score of an estimator on these samples, by a scorer of the user's."""
        # class weights alone do no harm to a scorer that has no use for weights
        weighted = self.sample_weight is not None or _takes_weights(scorer)
        weights = {"sample_weight": self.weights} if weighted and self.weights is not None else {}
        return float(scorer(estimator, self.seen, self.y, **weights))


def _takes_weights(scorer):
    """Whether a scorer has a parameter `sample_weight`; one of ``make_scorer`` passes it to a function."""
    try:
        parameters = signature(getattr(scorer, "_score_func", scorer)).parameters
    except (ValueError, TypeError):  # many builtins have no signature
        return False
    any_keyword = any(parameter.kind == Parameter.VAR_KEYWORD for parameter in parameters.values())
    return any_keyword or "sample_weight" in parameters


def cast(arrays, dtype):
    """Arrays as the engine takes them; what fits is not copied."""
    return [np.ascontiguousarray(array, dtype) for array in arrays]


def rows_of(engine, X, dtype):
    """The engine's Rows of a validated array (no copy) or CSR matrix (no copy where the parts fit)."""
    if not sp.issparse(X):
        return engine.Rows(X)
    check_range(X, dtype, "Input X")
    rows = _csr_rows(engine, X, dtype)
    # not has_sorted_indices, which SciPy remembers from before a user wrote into the indices
    return rows if rows.sorted else _csr_rows(engine, X.sorted_indices(), dtype)


def _csr_rows(engine, X, dtype):
    parts = (
        np.ascontiguousarray(X.data, dtype),
        np.ascontiguousarray(X.indices, np.int32),
        np.ascontiguousarray(X.indptr, np.int64),
    )
    return engine.Rows(parts, X.shape[1])


def check_sparse(X, name):
    """Raise for a sparse matrix whose indices point outside of it: SciPy's conversions trust them."""
    if not sp.issparse(X):
        return
    try:
        if X.format in {"csr", "csc", "bsr"}:
            # on parts of its own, since the check may cut off what is not used
            same = type(X)((X.data, X.indices, X.indptr), shape=X.shape, copy=False)
            same.check_format(full_check=True)
        elif X.format == "coo":
            type(X)((X.data, X.coords if hasattr(X, "coords") else (X.row, X.col)), shape=X.shape)
            _check_inside(X.row, X.shape[0])
            _check_inside(X.col, X.shape[1])
        elif X.format == "lil" and X.nnz:
            _check_inside(np.concatenate([np.asarray(row, int) for row in X.rows]), X.shape[1])
    except (ValueError, IndexError) as error:
        raise ValueError(f"{name} is a malformed {X.format.upper()} matrix: {error}.") from None


def _check_inside(indices, n):
    if len(indices) and not 0 <= indices.min() <= indices.max() < n:
        raise ValueError(f"indices from {indices.min()} to {indices.max()} where 0 to {n - 1} are")


def accepted_dtypes(X, dtype):
    """Dtypes of validated input: both are used as they are, what is neither becomes the first.

    A list is taken in full precision: an array of the same numbers has it, too.
    """
    narrow = dtype == np.float32 and hasattr(X, "dtype")
    return (np.float32, np.float64) if narrow else (np.float64, np.float32)


def refuse_sparse(y):
    """Raise for targets that are numbers and sparse."""
    if sp.issparse(y):
        raise TypeError("A sparse y is for labels only; give numbers dense, as y.toarray().")


def check_range(values, dtype, name):
    """Raise for values that float64 holds and float32 does not."""
    values = values.data if sp.issparse(values) else values
    if values.dtype == np.float64 and np.dtype(dtype) == np.float32 and values.size:
        largest = max(values.max(), -values.min())
        if largest > np.finfo(np.float32).max:
            raise ValueError(
                f"{name} contains infinity or a value too large for dtype('float32'): "
                f"{largest:.3g}. Scale it, or use dtype='float64'."
            )


def clip_batch_size(batch_size, n_samples, auto):
    """Samples of a mini-batch; `auto` is what "auto" means."""
    if batch_size == "auto":
        return min(auto, n_samples)
    batch_size = int(batch_size)  # a numpy integer may be too narrow for what is computed with it
    if batch_size > n_samples:
        warnings.warn(
            f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped to "
            f"{n_samples}.",
            stacklevel=7,
        )
    return min(batch_size, n_samples)


def check_weights(sample_weight, X):
    """Weights of the samples as an array of float64, or None where there are none."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    check_sum(weights, "sample_weight")
    return weights


def check_sum(weights, name):
    """Raise where the engine cannot add up weights that come from a parameter of that name."""
    if not weights.any():
        raise ValueError(f"{name} is zero for every sample; give at least one a weight > 0.")
    if weights.min() < 0:
        raise ValueError(f"{name} must be >= 0; the smallest is {weights.min():g}.")
    smallest, total = weights[weights > 0].min(), weights.sum()
    if not np.finfo(np.float32).tiny < smallest <= total < np.finfo(np.float32).max:
        raise ValueError(
            f"{name} is between {smallest:.3g} and {weights.max():.3g}, which the engine cannot "
            "add up in float32; scale it."
        )


def training_samples(data):
    """Numbers of the samples that count: a weight of zero means that the row is not there."""
    if data.weights is None or data.weights.all():
        return np.arange(data.X.shape[0], dtype=np.intp)
    return np.flatnonzero(data.weights).astype(np.intp, copy=False)


def split_holdout(samples, fraction, random_state, stratify, must_stratify):
    """(training, holdout) numbers of samples; (all, None) and a warning where there are too few.

    The draws are those of ``train_test_split`` on the data, as in scikit-learn's MLP. Several classes
    are stratified where their numbers allow it, two classes always. As there, two samples and a class
    with a single one of many are errors.
    """
    n_holdout = int(np.ceil(fraction * len(samples)))
    n_train, n_classes, alone = len(samples) - n_holdout, 1, False
    if stratify is not None:
        counts = np.unique(stratify, return_counts=True)[1]
        if must_stratify:
            n_classes, alone = len(counts), counts.min() == 1
        elif counts.min() == 1 or len(counts) > min(n_holdout, n_train):
            stratify = None
    too_few = n_holdout < 2 or n_train < n_classes
    if too_few and len(samples) > 2 and not alone:
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


def too_few_to_validate(n_samples, codes, n_classes):
    """How few samples a validation set has, or of its rarest class, in words; "" where there are enough.

    `codes` are numbers of classes; None where there are no classes to count.
    """
    rarest = n_samples if codes is None else np.bincount(codes, minlength=max(n_classes, 2)).min()
    if n_samples >= FEWEST_TO_VALIDATE and rarest >= FEWEST_OF_A_CLASS:
        return ""
    return f"{n_samples}" + (f", {rarest} of a class," if rarest < FEWEST_OF_A_CLASS else "")


def _warn_no_holdout(fraction, samples, n_holdout):
    warnings.warn(
        f"validation_fraction={fraction} of {len(samples)} samples leaves {n_holdout} to validate on, "
        "too few: training goes on without early stopping. Increase validation_fraction, or pass X_val "
        "and y_val.",
        stacklevel=8,
    )
