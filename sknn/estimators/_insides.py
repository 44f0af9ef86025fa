"""What a network computes on the way: values of every layer, gradients of every weight."""

from math import prod
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import _fit_context
from sklearn.utils.validation import check_is_fitted

from sknn.estimators import _data
from sknn.estimators._parameters import SAMPLES, documented
from sknn.estimators._snapshot import on_snapshot


class ForwardStep(NamedTuple):
    """What one layer computes; ``activation = function(pre_activation)``.

    Parameters
    ----------
    function : str
        The activation, "identity" where the layer has none; for the output layer the link:
        "softmax", "logistic", "identity" or "exp".
    pre_activation : ndarray of shape (n, units) or (n, h, w, c)
        The values z before the function, for a dense layer ``x W + b``.
    activation : ndarray of the same shape
        The values after it.
    """

    function: str
    pre_activation: np.ndarray
    activation: np.ndarray


class Gradients(NamedTuple):
    """Derivatives of a loss by everything that is trained.

    Parameters
    ----------
    coefs : list of ndarray
        ∂L/∂W of each layer, shaped like ``coefs_``.
    intercepts : list of ndarray
        ∂L/∂b of each layer, shaped like ``intercepts_``.
    """

    coefs: list
    intercepts: list


class Insides:
    """Weights without training, the forward pass step by step, gradients."""

    @_fit_context(prefer_skip_nested_validation=True)
    def initialize(self, X, y):
        """All that fit does before its first step; the weights are those that it would start from.

        Then ``set_weights`` takes weights of your own, `partial_fit` trains on from them for an epoch,
        and so does `fit` with ``warm_start=True``.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes: they say how many features there are, and what
            the channels of images are scaled by.
        y : array-like of shape (n,) or (n, n_outputs)
            Targets; those of a classifier hold all classes.

        Returns
        -------
        self : object
            The estimator, fitted but for the training.

        Examples
        --------
        >>> from sknn import MLPRegressor
        >>> net = MLPRegressor(hidden_layer_sizes=(), dtype="float64")
        >>> net = net.initialize([[0.0, 0.0]], [0.0]).set_weights([[[2.0], [3.0]], [1.0]])
        >>> net.predict([[10.0, 20.0]])
        array([81.])
        """
        return self._fit(X, y, None, (None, None, None), train=False)

    @on_snapshot
    @documented(samples=SAMPLES)
    def forward_steps(self, X):
        """Every layer's values before and after its activation.

        Parameters
        ----------
        {samples}

        Returns
        -------
        steps : list of ForwardStep
            One for each hidden layer, as `transform` numbers them, and one for the output layer, whose
            pre-activations are the logits and whose activations are the predictions (for two classes
            the probability of the second). A step is a tuple
            ``(function, pre_activation, activation)``; images have the shape (n, h, w, c). Nothing is
            dropped, and batch normalisation takes its running statistics. Layers without an activation
            of their own have the same values twice.

        Examples
        --------
        >>> from sknn import MLPRegressor
        >>> net = MLPRegressor(hidden_layer_sizes=1, activation="relu", dtype="float64")
        >>> net = net.initialize([[0.0]], [0.0]).set_weights([[[-2.0]], [[3.0]], [1.0], [5.0]])
        >>> for function, z, a in net.forward_steps([[4.0]]):
        ...     print(function, z, a)
        relu [[-7.]] [[0.]]
        identity [[5.]] [[5.]]
        """
        check_is_fitted(self)
        X = self._validated(X)
        network, _ = self._program(sp.issparse(X), self._fitted_dtype())
        steps, begin = [], self._end_of(network, 0)[0]
        for number in range(1, self.n_layers_ - 1):
            end, shape = self._end_of(network, number)
            function, at = network.activation_between(begin, end)
            width = prod(shape)
            z, a = (self._after_ops(X, n_ops, width)[0] for n_ops in (at, end))
            steps.append(ForwardStep(function, z.reshape(-1, *shape), a.reshape(-1, *shape)))
            begin = end
        logits, _ = self._after_ops(X, len(network.plan.ops), self.n_outputs_)
        outputs, _ = self._after_ops(X, -1, self.n_outputs_, link=True)
        return [*steps, ForwardStep(self.out_activation_, logits, outputs)]

    @on_snapshot
    def gradients(self, X, y, sample_weight=None):
        """Compute the gradients of the mean loss with respect to all weights and biases.

        The loss is the one that `loss_` reports, with the class weights and the label smoothing of the
        estimator, but without the penalty `alpha`, whose gradient is ``alpha · W / n`` (n being the
        sum of the sample weights). "squared_error" is half of the squared error, averaged over the
        outputs. Nothing is dropped and images are not augmented; batch normalisation takes the moments
        of these samples, as in a step of training.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.
        y : array-like of shape (n,) or (n, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        gradients : Gradients
            A tuple ``(coefs, intercepts)`` of lists of arrays shaped like ``coefs_`` and
            ``intercepts_``, in the precision of the network; 0 for what is not trained.

        Examples
        --------
        >>> from sknn import MLPRegressor
        >>> net = MLPRegressor(hidden_layer_sizes=(), dtype="float64")
        >>> net = net.initialize([[0.0]], [0.0]).set_weights([[[2.0]], [0.0]])
        >>> net.gradients([[3.0]], [5.0])  # L = (3 w + b - 5)² / 2
        Gradients(coefs=[array([[3.]])], intercepts=[array([1.])])
        """
        check_is_fitted(self)
        self._validate_changed(self._parameter_constraints)
        X, y = self._validate_samples(X, y, reset=False)
        data = self._weighted(X, self._check_targets(y), sample_weight)
        samples = _data.training_samples(data)
        network = self._network(self._fitted_dtype(), sp.issparse(data.X))
        program = network.program(self._loss(), mean_gradient=True)
        trainer = self._trainer_of_weights(network, program, data, samples, len(samples), None)
        gradients = Gradients(*network.empty_weights())
        trainer.loss_and_gradient(gradients, dropout=False)
        return gradients
