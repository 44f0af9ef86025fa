"""From rows to outputs: what every fitted estimator does with the weights it has."""

from functools import partial
from math import prod

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_is_fitted,
    validate_data,
)

from sknn import engine
from sknn.estimators import _data
from sknn.estimators._parameters import SAMPLES, documented
from sknn.estimators._snapshot import on_snapshot
from sknn.losses import Loss

# Work of fewer operations than this is over before a second thread has woken up.
PARALLEL_FLOPS = 2e6


def threads_for(flops, n_threads):
    """Threads for that much work, from the parameter `n_threads`."""
    return engine.effective_threads(n_threads) if flops > PARALLEL_FLOPS else 1


class Prediction:
    """Outputs, probabilities and hidden features of an estimator with ``coefs_``."""

    #: type characters of arrays that go to the engine as they are
    _plain_dtypes = "fd"
    #: the sparse format that input may have
    _accept_sparse: str | bool = False
    #: parameters that predictions read
    _read_parameters: tuple[str, ...] = ("n_threads",)

    def _network(self, dtype, sparse=False):
        """The fitted Network, in a precision and for dense rows or CSR ones."""
        raise TypeError(f"{type(self).__name__} does not say which layers it means")

    def _end_of(self, network, number):
        """(number of ops, shape) after which the values of a hidden layer are there; 0 is the input."""
        raise TypeError(f"{type(self).__name__} does not say where its layers end")

    @property
    def _group_sizes(self) -> tuple[int, ...]:
        """Outputs of each softmax, or the number of outputs."""
        raise TypeError(f"{type(self).__name__} does not say what its outputs are")

    def _outputs(self, X, *, link=False, layer=None):
        """Logits, outputs of the link, or the values after a layer; (n, width)."""
        return self._checked(X, lambda rows: self._forward(rows, link, layer))

    def _checked(self, X, forward):
        """The values of `forward(X)`, which returns (values, whether X was finite).

        A C-contiguous float array goes to the engine as it is, which checks for NaN and infinity as
        it reads; everything else takes scikit-learn's validation.
        """
        self._validate_changed(self._read_parameters)
        plain = self._plain(X)
        X = self._validated(X) if plain is None else plain
        out, finite = forward(X)
        if not finite and not get_config()["assume_finite"]:
            if plain is not None:
                self._validated(X)
            _data.check_range(X, self._fitted_dtype(), "Input X")
        return out

    def _plain(self, X):
        """X as the engine takes it, where nothing is left to validate; else None."""
        plain = (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype.char in self._plain_dtypes
            and X.dtype.isnative
            and X.flags.c_contiguous
            and "coefs_" in self.__dict__
            and X.shape[1] == self.n_features_in_
            and "feature_names_in_" not in self.__dict__
            and X.shape[0] > 0
        )
        return X if plain else None

    def _validated(self, X):
        check_is_fitted(self)
        _data.check_sparse(X, "X")
        dtypes = self._accepted_dtypes(X, self._fitted_dtype())
        accept_sparse = self._accept_sparse
        with _data.missing_values_explained(self):
            return validate_data(
                self, X, accept_sparse=accept_sparse, dtype=dtypes, order="C", reset=False
            )

    def _accepted_dtypes(self, X, dtype):
        """Dtypes of validated input; what is none of them becomes the first."""
        return _data.accepted_dtypes(X, dtype)

    def _rows(self, network, X):
        """The engine's Rows of validated input."""
        return _data.rows_of(network.engine, X, network.dtype)

    def _statistics(self, network):
        """Running means and variances as the engine takes them; None where no layer has any."""

    def _fitted_dtype(self):
        """Precision of the weights, which a user may have assigned."""
        dtype = np.asarray(self.coefs_[0]).dtype
        return np.dtype(dtype.char if dtype.char in "fd" else np.float64)  # in native byte order

    def _forward(self, X, link=False, layer=None, draw=None):
        """(values, whether X was finite) of validated rows; of a hidden layer given by its number.

        `draw` is (seed, number) of a thinned network of Monte-Carlo dropout.
        """
        if layer == 0 and sp.issparse(X):  # the engine never spreads out the rows
            return X.toarray().astype(self._fitted_dtype(), copy=False), np.isfinite(X.data).all()
        network, program = self._program(sp.issparse(X), self._fitted_dtype())
        n_ops, shape = (-1, (self.n_outputs_,)) if layer is None else self._end_of(network, layer)
        return self._run(network, program, X, self.coefs_, prod(shape), n_ops, link, draw)

    def _after_ops(self, X, n_ops, width, link=False):
        """The same after some ops; -1: at the end."""
        network, program = self._program(sp.issparse(X), self._fitted_dtype())
        return self._run(network, program, X, self.coefs_, width, n_ops, link)

    def _run(self, network, program, X, coefs, width, n_ops=-1, link=False, draw=None):
        """(values after so many ops, all for -1, whether X was finite) of validated rows."""
        proba = link and self.out_activation_ in ("softmax", "logistic")
        # float64 holds it where float32 may not
        exponential = link and self.out_activation_ == "exp"
        out = np.empty((X.shape[0], width), np.float64 if proba else network.dtype)
        finite = network.engine.forward(
            program,
            self._rows(network, X),
            _data.cast(coefs, network.dtype),
            _data.cast(self.intercepts_, network.dtype),
            out,
            n_ops,
            link and not exponential,
            threads_for(X.shape[0] * network.multiply_adds, self.n_threads),
            statistics=self._statistics(network),
            draw=draw,
        )
        if exponential:
            with np.errstate(over="ignore"):
                out = np.exp(out, dtype=np.float64)
        return out, finite

    def _program(self, sparse, dtype):
        """(Network, Program) of what was fitted, whatever the parameters say by now."""
        sizes = self._group_sizes
        # with what a user may have assigned since
        key = sparse, dtype.char, sizes, vars(self).get("image_shape_")
        programs = vars(self).get("_programs", {})
        if key not in programs:
            if sum(sizes) != self.n_outputs_:  # attributes that a user has assigned
                raise ValueError(
                    f"The network has {self.n_outputs_} outputs, but the fitted attributes (classes_ of a "
                    f"classifier) tell of {sum(sizes)}."
                )
            network = self._network(dtype, sparse)
            loss = Loss.with_link(self.out_activation_, sizes)
            programs[key] = network, network.program(loss)
        return programs[key]

    # ---- hidden features -----------------------------------------------------------------------

    @on_snapshot
    @documented(samples=SAMPLES)
    def transform(self, X, layer=-1):
        """Compute the values of a hidden layer: learned features for another model.

        Parameters
        ----------
        {samples}
        layer : int, default=-1
            Which hidden layer: 1 is the first, -1 the last; 0 gives the input itself.

        Returns
        -------
        H : ndarray of shape (n, units), or what ``set_output`` asks for
            Activations, without dropout.
        """
        values = self._outputs(X, layer=self._hidden_layer(layer))
        return _wrap_data_with_container("transform", values, X, _LayerOutput(self, layer))

    @on_snapshot
    def get_feature_names_out(self, input_features=None, layer=-1):
        """Get the names of what `transform` returns: the class and a number.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features, checked against `feature_names_in_` or, without these, counted.
        layer : int, default=-1
            As in `transform`.

        Returns
        -------
        names : ndarray of str objects
            "mlpclassifier0" and so on; other layers than the last have their number in between,
            "mlpclassifier_layer1_0".
        """
        number = self._hidden_layer(layer)
        _check_feature_names_in(self, input_features, generate_names=False)
        prefix = type(self).__name__.lower()
        if number != self.n_layers_ - 2:
            prefix = f"{prefix}_layer{number}_"
        width = prod(self._shape_of_layer(number))
        return np.asarray([f"{prefix}{i}" for i in range(width)], dtype=object)

    def _shape_of_layer(self, number):
        network, _ = self._program(False, self._fitted_dtype())
        return self._end_of(network, number)[1]

    def _hidden_layer(self, layer):
        """Number of a hidden layer counted from 1, from one that may count from the end."""
        check_is_fitted(self)
        n_hidden = self.n_layers_ - 2
        if not -n_hidden - 1 <= layer <= n_hidden:
            raise ValueError(
                f"layer={layer} is not in the network; it has {n_hidden} hidden layers."
            )
        return layer % (n_hidden + 1)


class _LayerOutput:
    """What scikit-learn's ``set_output`` asks of a transformer, for one layer of an estimator."""

    _sklearn_auto_wrap_output_keys = frozenset({"transform"})

    def __init__(self, estimator, layer):
        self._sklearn_output_config = getattr(estimator, "_sklearn_output_config", {})
        self.get_feature_names_out = partial(estimator.get_feature_names_out, layer=layer)
