"""Estimators of one network: hidden features, weights, gradients, and predictions below them."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sknn._state import atomic_fit, on_snapshot
from sknn._types import Array, ArrayOr, Samples, Target
from sknn.estimators.base import Estimator
from sknn.estimators.decorators import available_if, fit_context
from sknn.estimators.families import NetworkFamily
from sknn.estimators.fitting import NetworkFit
from sknn.estimators.precision import array_dtype
from sknn.estimators.prediction import NetworkPrediction
from sknn.estimators.trainers import trainer_of
from sknn.inputs.dataset import Dataset, Given
from sknn.network.fitted import ForwardStep, Gradients
from sknn.network.summary import Summary
from sknn.network.weights import Weights, cast, replaced
from sknn.targets import Targets
from sknn.training.history import OptimizerState


# `transform` asks for the container of its output itself, with the names of the layer that was asked for
class NetworkEstimator(  # type: ignore[call-arg]
    TransformerMixin, Estimator, metaclass=ABCMeta, auto_wrap_output_keys=None
):
    """Base of the estimators of one network.

    The subclass says which family of networks its parameters describe, and what its targets are.
    """

    _family: NetworkFamily
    #: whether y is numerical, to be validated as such
    _numeric_targets: bool

    coefs_: list[Array]
    intercepts_: list[Array]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float] | None
    best_validation_score_: float | None
    t_: int
    n_layers_: int
    out_activation_: str

    @abstractmethod
    def _learn_targets(self, y, first, incremental, classes) -> tuple[Targets, np.ndarray]:
        """(targets, validated y), learned in a first fit, or else checked against those of the last fit."""

    @abstractmethod
    def _targets(self) -> Targets:
        """The fitted targets."""

    # ---- fit -----------------------------------------------------------------------------------

    def _fit(self, given, validation=None, **options):
        """Fits, or leaves the estimator exactly as it was."""
        with atomic_fit(self) as working_copy:
            NetworkFit(working_copy, self, **options).run(given, validation or Given())
        return self

    @fit_context
    def initialize(self, X: Samples, y: Target) -> Self:
        """Do all that fit does before its first step; the weights are those that it would start from.

        Then ``set_weights`` takes weights of your own, `partial_fit` continues training from them for an
        epoch, and so does `fit` with ``warm_start=True``.

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
        return self._fit(Given(X, y), train=False)

    # ---- what fit has learned ------------------------------------------------------------------

    def _input(self):
        """How X enters, as fit has learned it."""
        return self._family.input(self)

    def _weights(self, dtype):
        """The fitted arrays as the engine takes them."""
        return Weights(*[cast(getattr(self, name), dtype) for name in self._family.arrays])

    def _fitted_dtype(self):
        """Precision of the weights, which a user may have assigned."""
        dtype = np.asarray(self.coefs_[0]).dtype
        return np.dtype(dtype.char if dtype.char in "fd" else np.float64)  # in native byte order

    # ---- hidden features -----------------------------------------------------------------------

    @on_snapshot
    def transform(self, X: Samples, layer: int = -1) -> ArrayOr:
        """Compute the values of a hidden layer: learned features for another model.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.
        layer : int, default=-1
            Which hidden layer: 1 is the first, -1 the last; 0 gives the input itself.

        Returns
        -------
        H : ndarray of shape (n, units), or what ``set_output`` asks for
            Activations, without dropout.
        """
        values = NetworkPrediction(self).outputs(X, layer=self._hidden_layer(layer))
        return _wrap_data_with_container("transform", values, X, _LayerOutput(self, layer))

    @on_snapshot
    def get_feature_names_out(
        self, input_features: ArrayLike | None = None, layer: int = -1
    ) -> Array:
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
        return self._family.end_of(NetworkPrediction(self).program()[0], number)[1]

    def _hidden_layer(self, layer):
        """Number of a hidden layer counted from 1, from one that may count from the end."""
        check_is_fitted(self)
        n_hidden = self.n_layers_ - 2
        if not -n_hidden - 1 <= layer <= n_hidden:
            raise ValueError(
                f"layer={layer} is not in the network; it has {n_hidden} hidden layers."
            )
        return layer % (n_hidden + 1)

    @available_if(lambda self: self._family.takes_images)
    @on_snapshot
    def feature_maps(self, X: Samples, layer: int = 1) -> Array:
        """Compute the feature maps of a layer: its outputs as images. Only for networks on images.

        Parameters
        ----------
        X : images
            Samples in any of the forms that fit takes.
        layer : int, default=1
            Which hidden layer, as in `transform`: 1 is the first, -1 the last, 0 the (standardized)
            input itself. ``summary()`` numbers them.

        Returns
        -------
        maps : ndarray of shape (n, h, w, c)
            One map of h x w values for each of c filters.
        """
        number = self._hidden_layer(layer)
        shape = self._shape_of_layer(number)
        if len(shape) != 3:
            raise ValueError(
                f"layer={layer} is {self._architecture_[0][number - 1]!r}, whose output of shape "
                f"{tuple(shape)} has no maps; use transform."
            )
        return NetworkPrediction(self).outputs(X, layer=number).reshape(-1, *shape)

    @on_snapshot
    def forward_steps(self, X: Samples) -> list[ForwardStep]:
        """Compute every layer's values before and after its activation.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.

        Returns
        -------
        steps : list of ForwardStep
            One for each hidden layer, as `transform` numbers them, and one for the output layer, whose
            pre-activations are the logits and whose activations are the predictions (for two classes
            the probability of the second). A step is a tuple
            ``(function, pre_activation, activation)``; images have the shape (n, h, w, c). Nothing is
            dropped, and batch normalization takes its running statistics. Layers without an activation
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
        prediction = NetworkPrediction(self)
        X = prediction.validated(X)
        fitted = prediction.network(sp.issparse(X))
        network, numbers = fitted.network, range(self.n_layers_ - 1)
        ends = [self._family.end_of(network, number) for number in numbers]
        return fitted.forward_steps(self._input().rows(network, X), ends)

    @on_snapshot
    def gradients(self, X: Samples, y: Target, sample_weight: ArrayLike | None = None) -> Gradients:
        """Compute the gradients of the mean loss with respect to all weights and biases.

        The loss is the one that `loss_` reports, with the class weights and the label smoothing of the
        estimator, but without the penalty `alpha`, whose gradient is ``alpha · W / n`` (n being the
        sum of the sample weights). "squared_error" is half of the squared error, averaged over the
        outputs. Nothing is dropped and images are not augmented; batch normalization takes the moments
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
        numeric, targets = self._numeric_targets, self._targets()
        X, y = self._input().validate(self, X, y, dtype=array_dtype(self.dtype), numeric=numeric)
        data = Dataset.of(X, targets.check(y), sample_weight, targets)
        samples = data.counting
        network = self._family.network(self, self._fitted_dtype(), sp.issparse(data.X))
        program = network.program(targets.loss, mean_gradient=True)
        trainer = trainer_of(self, network, program, data, samples, len(samples), None)
        gradients = Gradients(*network.empty_weights())
        trainer.loss_and_gradient(gradients, dropout=False)
        return gradients

    # ---- weights -------------------------------------------------------------------------------

    @on_snapshot
    def summary(self) -> Summary:
        """Get the layers of the fitted network: shapes, parameters and FLOPs.

        Returns
        -------
        summary : Summary
            Prints as a table; ``summary.rows`` holds its rows, ``summary.n_parameters`` and
            ``summary.flops`` the totals.
        """
        check_is_fitted(self)
        network, _ = NetworkPrediction(self).program()
        return Summary(network.summary(), network.input_shape)

    def _summaries(self):
        summary = self.summary()
        heading = f"Network: {summary.n_parameters:,} parameters in {len(summary.rows)} layers"
        return [(heading, summary)]

    @on_snapshot
    def get_weights(self) -> list[Array]:
        """Get copies of all fitted arrays in one list.

        Returns
        -------
        weights : list of ndarray
            ``coefs_``, then ``intercepts_``, for a CNN then the running means and variances of
            batch normalization. Lists of estimators of the same architecture may be averaged array by
            array.
        """
        check_is_fitted(self)
        return [np.array(array) for name in self._family.arrays for array in getattr(self, name)]

    def set_weights(self, weights: Sequence[ArrayLike]) -> Self:
        """Replace all fitted arrays.

        Parameters
        ----------
        weights : list of array-like
            As ``get_weights`` returns them.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If an array is missing, has another shape, or holds NaN or infinity; the message names its
            layer.
        """
        with atomic_fit(self) as working_copy:
            check_is_fitted(self)
            arrays = {name: getattr(self, name) for name in self._family.arrays}
            vars(working_copy).update(
                replaced(arrays, weights, NetworkPrediction(self).program()[0])
            )
        return self

    # ---- persistence and tags ------------------------------------------------------------------

    def __getstate__(self):
        state = super().__getstate__()
        optimizer = state.get("_optimizer")
        if optimizer is not None:
            state["_optimizer"] = dict(vars(optimizer))
            if optimizer.slots:  # partial_fit: it may be called for ever, pickles stay small
                for curve in ("loss_curve_", "validation_scores_", "validation_loss_curve_"):
                    if state.get(curve):
                        state[curve] = state[curve][-1:]
        return state

    def __setstate__(self, state):
        state = dict(state)
        if isinstance(state.get("_optimizer"), dict):
            state["_optimizer"] = OptimizerState(**state["_optimizer"])
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        family = self._family
        tags.input_tags.sparse = not family.takes_images
        tags.input_tags.three_d_array = family.takes_images
        dtypes = ["float64", "float32"] if self.dtype is None else [array_dtype(self.dtype)]
        tags.transformer_tags.preserves_dtype = dtypes
        return tags


def is_stochastic(net):
    """Whether an estimator has partial_fit; raises where its solver has not."""
    if net.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


class _LayerOutput:
    """What scikit-learn's ``set_output`` asks of a transformer, for one layer of an estimator."""

    _sklearn_auto_wrap_output_keys = frozenset({"transform"})

    def __init__(self, estimator, layer) -> None:
        self._sklearn_output_config = getattr(estimator, "_sklearn_output_config", {})
        self.get_feature_names_out = partial(estimator.get_feature_names_out, layer=layer)
