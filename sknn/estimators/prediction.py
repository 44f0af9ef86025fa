"""Predictions of a fitted estimator of one network."""

from numbers import Integral

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.utils.validation import check_is_fitted

from sknn.inputs.dense import check_range
from sknn.losses import Loss
from sknn.network.fitted import FittedNetwork, moments_over_draws


class NetworkPrediction:
    """From X to outputs, with the weights and attributes that the estimator has now.

    Parameters
    ----------
    net : NetworkEstimator

    Raises
    ------
    NotFittedError
        Where it is not fitted.
    """

    def __init__(self, net):
        if "coefs_" not in vars(net):
            check_is_fitted(net)
        self.net, self.input, self.targets = net, net._input(), net._targets()

    # ---- the network ---------------------------------------------------------------------------

    def program(self, sparse=False):
        """(Network, Program) of what was fitted, whatever the parameters say by now."""
        net = self.net
        dtype, sizes = net._fitted_dtype(), self.targets.group_sizes
        # with what a user may have assigned since
        key = sparse, dtype.char, sizes, vars(net).get("image_shape_")
        programs = vars(net).get("_programs", {})
        if key not in programs:
            if sum(sizes) != net.n_outputs_:  # attributes that a user has assigned
                raise ValueError(
                    f"The network has {net.n_outputs_} outputs, but the fitted attributes (classes_ of a "
                    f"classifier) tell of {sum(sizes)}."
                )
            network = net._family.network(net, dtype, sparse)
            loss = Loss.with_link(net.out_activation_, sizes)
            programs[key] = network, network.program(loss)
        return programs[key]

    def network(self, sparse=False):
        """The network with the fitted weights."""
        net, (network, program) = self.net, self.program(sparse)
        weights = net._weights(network.dtype)
        return FittedNetwork(network, program, weights, net.out_activation_, net.n_threads)

    # ---- from X to outputs ---------------------------------------------------------------------

    def outputs(self, X, *, link=False, layer=None):
        """Logits, outputs of the link, or the values after a hidden layer; (n, width)."""
        return self._checked(X, lambda rows: self._forward(rows, link, layer))

    def moments(self, X, mc_samples, least=1):
        """(mean, standard deviation) of predictions over so many draws of Monte-Carlo dropout."""
        integer = isinstance(mc_samples, Integral) and not isinstance(mc_samples, bool)
        if not integer or mc_samples < least:
            raise ValueError(f"mc_samples={mc_samples!r} must be an integer >= {least}.")

        def moments(rows):
            if not self.program()[0].has_dropout:
                raise ValueError(
                    "Monte-Carlo dropout needs a network with dropout, all draws would be the same; fit "
                    "with dropout > 0 (or layers with Dropout or SpatialDropout), or leave out return_std "
                    "and mc_samples."
                )
            return moments_over_draws(
                lambda draw: self._forward(rows, link=True, draw=draw),
                self.net._optimizer.seed,
                int(mc_samples),
            )

        return self._checked(X, moments)

    def validated(self, X):
        """X as scikit-learn validates it."""
        return self.input.validate(self.net, X, dtype=self.net._fitted_dtype())

    def _checked(self, X, forward):
        """The values of ``forward(X)``, which returns (values, whether X was finite).

        What is ready for the engine goes there as it is, which looks for NaN and infinity as it reads;
        all else takes scikit-learn's validation.
        """
        self.net._validate_changed(self.net._family.read_parameters)
        ready = None if "feature_names_in_" in vars(self.net) else self.input.ready(X)
        X = self.validated(X) if ready is None else ready
        values, finite = forward(X)
        if not finite and not get_config()["assume_finite"]:
            if ready is not None:
                self.validated(X)
            check_range(X, self.net._fitted_dtype(), "Input X")
        return values

    def _forward(self, X, link=False, layer=None, draw=None):
        """(values, whether X was finite) of validated X; of a hidden layer given by its number.

        `draw` is (seed, number) of a thinned network of Monte-Carlo dropout.
        """
        net, sparse = self.net, type(X) is not np.ndarray and sp.issparse(X)
        if layer == 0 and sparse:  # the engine never spreads out the rows
            return X.toarray().astype(net._fitted_dtype(), copy=False), np.isfinite(X.data).all()
        fitted, input_ = self.network(sparse), self.input
        if layer is not None:
            n_ops, shape = net._family.end_of(fitted.network, layer)
            return fitted.forward(input_.rows(fitted.network, X), shape, n_ops)
        if not net._family.averages_views(net):
            rows = input_.rows(fitted.network, X)
            return fitted.forward(rows, (net.n_outputs_,), link=link, draw=draw)
        values, finite = self._average_of_views(X, fitted, draw)
        if link:
            loss = Loss.with_link(net.out_activation_, self.targets.group_sizes)
            values = loss.predict(values)
        return values, finite

    def _average_of_views(self, X, fitted, draw):
        """(logits, whether X was finite) with test-time augmentation."""
        net, finite = self.net, []

        def logits(view):
            rows = self.input.rows(fitted.network, view)
            values, of_view = fitted.forward(rows, (net.n_outputs_,), draw=draw)
            finite.append(of_view)
            return values

        return self.input.average_of_views(X, net.augmentation, logits), all(finite)
