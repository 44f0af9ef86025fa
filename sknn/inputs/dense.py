"""Rows of numerical features, dense or sparse, as an MLP takes them."""

from contextlib import contextmanager

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import validate_data

NO_TARGETS = "no_validation"  # scikit-learn's word for the y of predict


class DenseInput:
    """Samples of numerical features, which enter the network as they are.

    An input knows how X comes: it validates X, learns from the training samples what is done to them,
    and gives the engine rows to read.

    Parameters
    ----------
    n_features : int or None, default=None
        Features of fit; None before the first fit.
    """

    #: the sparse format that X may have
    accept_sparse: str | bool = "csr"
    #: type characters of arrays that go to the engine as they are
    plain_dtypes = "fd"

    def __init__(self, n_features=None):
        self.n_features = n_features

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample as the network takes it."""
        return (self.n_features,)

    @property
    def attributes(self):
        """The fitted attributes of an estimator that hold what was learned."""
        return {}

    # ---- validation ----------------------------------------------------------------------------

    def accepted_dtypes(self, X, dtype):
        """Dtypes of validated X: these are used as they are, all else becomes the first.

        A list is taken in full precision: an array of the same numbers has it, too.
        """
        narrow = dtype == np.float32 and hasattr(X, "dtype")
        return (np.float32, np.float64) if narrow else (np.float64, np.float32)

    def flat(self, X):
        """X as rows."""
        return X

    def validate(self, estimator, X, y=NO_TARGETS, *, dtype, numeric=False, reset=False):
        """Validate X, and y where it is given, as scikit-learn's ``validate_data`` does.

        Parameters
        ----------
        estimator : estimator
            Learns (with `reset`) or knows the names and the number of features.
        X, y : as the user gave them
        dtype : dtype or None
            Of the network; None follows X.
        numeric : bool, default=False
            Whether y is numerical.
        reset : bool, default=False
            Whether this is the first fit.

        Returns
        -------
        X : ndarray or CSR matrix
            Float32 or float64, C-contiguous; what fits is not copied.
        y : ndarray
            Only where `y` was given.
        """
        X = self.flat(X)
        check_sparse(X, "X")
        options = {
            "accept_sparse": self.accept_sparse,
            "dtype": self.accepted_dtypes(X, np.dtype(dtype)),
            "order": "C",
            "reset": reset,
        }
        if y is not NO_TARGETS:
            check_sparse(y, "y")
            if numeric:
                refuse_sparse(y)
            options |= {"multi_output": True, "y_numeric": numeric}
        with missing_values_explained(estimator):
            validated = validate_data(estimator, X, y, **options)
        if y is NO_TARGETS:
            return validated
        X, y = validated
        check_range(X, dtype or X.dtype, "Input X")
        if numeric:
            check_range(y, dtype or X.dtype, "y")
        if reset:
            self.n_features = X.shape[1]
        return X, y

    def ready(self, X):
        """X as the engine takes it, where nothing is left to validate; else None.

        The engine itself looks for NaN and infinity as it reads.
        """
        plain = (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype.char in self.plain_dtypes
            and X.dtype.isnative
            and X.flags.c_contiguous
            and X.shape[1] == self.n_features
            and X.shape[0] > 0
        )
        return X if plain else None

    # ---- the engine's side ---------------------------------------------------------------------

    def rows(self, network, X):
        """The engine's Rows of a validated array (no copy) or CSR matrix (no copy where the parts fit)."""
        if not sp.issparse(X):
            return network.engine.Rows(X)
        check_range(X, network.dtype, "Input X")
        rows = _csr_rows(network, X)
        # not has_sorted_indices, which SciPy remembers from before a user wrote into the indices
        return rows if rows.sorted else _csr_rows(network, X.sorted_indices())


def _csr_rows(network, X):
    parts = (
        np.ascontiguousarray(X.data, network.dtype),
        np.ascontiguousarray(X.indices, np.int32),
        np.ascontiguousarray(X.indptr, np.int64),
    )
    return network.engine.Rows(parts, X.shape[1])


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
