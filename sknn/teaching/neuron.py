"""McCulloch and Pitts's neuron of 1943, which has no weights."""

from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from sknn._types import ArrayOr, Samples, Target


class McCullochPittsNeuron(ClassifierMixin, BaseEstimator):
    """The neuron of McCulloch and Pitts: it fires where enough of its inputs do, and none forbids it.

    All inputs are 0 or 1. With E the excitatory and I the inhibitory ones it adds up

    .. math::

        g(x) = \\sum_{i \\in E} x_i,

    and its output is 1 where :math:`g(x) \\ge \\theta` and no :math:`x_i` with :math:`i \\in I` is 1, else 0.

    There is nothing to train: a neuron is made, not fitted, and `predict` works at once. `fit` only
    checks what it is given, so that pipelines and scores work.

    Parameters
    ----------
    threshold : float, default=1
        Threshold θ: how many excitatory inputs must be 1, at least 0. 1 is OR, the number of inputs is AND.
    inhibitory : array-like of int or of bool, default=None
        Inputs any of which, if it is 1, forces the output to 0 ("absolute inhibition"): their indices, or
        a mask with one value per input. All others are excitatory.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        0 and 1; of a fitted neuron.
    n_features_in_ : int
        Inputs seen in `fit`.
    feature_names_in_ : ndarray of shape (n_in,)
        Names of the inputs, if X in `fit` had names that are all strings.

    See Also
    --------
    PerceptronClassifier : Real inputs, and weights that are learned.

    References
    ----------
    W. S. McCulloch & W. Pitts, A logical calculus of the ideas immanent in nervous activity, Bulletin of
    Mathematical Biophysics 5 (1943). There a network has a delay of one step per neuron; here it has none.

    Examples
    --------
    >>> from sknn import McCullochPittsNeuron
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> McCullochPittsNeuron(threshold=2).predict(X)  # AND
    array([0, 0, 0, 1])
    >>> McCullochPittsNeuron(threshold=1).predict(X)  # OR
    array([0, 1, 1, 1])
    >>> McCullochPittsNeuron(threshold=0, inhibitory=[0]).predict([[0], [1]])  # NOT
    array([1, 0])
    >>> McCullochPittsNeuron(threshold=1, inhibitory=[1]).predict(X)  # the first and not the second
    array([0, 0, 1, 0])
    """

    _parameter_constraints = {
        "threshold": [Interval(Real, 0, None, closed="left")],
        "inhibitory": ["array-like", None],
    }

    def __init__(self, threshold: float = 1, *, inhibitory: ArrayLike | None = None) -> None:
        self.threshold = threshold
        self.inhibitory = inhibitory

    def fit(self, X: Samples, y: Target = None) -> Self:
        """Check the inputs and the parameters; nothing is learned.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs, 0 or 1.
        y : array-like of shape (n,), default=None
            Outputs, 0 or 1, if any: they are checked and not used.

        Returns
        -------
        self : McCullochPittsNeuron
            The neuron.
        """
        self._check_inputs(X, y, reset=True)
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: Samples) -> ArrayOr:
        """The outputs.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs, 0 or 1.

        Returns
        -------
        y : ndarray of int of shape (n,)
            1 where the neuron fires, else 0.
        """
        X, inhibitory = self._check_inputs(X, None, reset=False)
        enough = X[:, ~inhibitory].sum(axis=1) >= self.threshold
        return (enough & ~X[:, inhibitory].any(axis=1)).astype(int)

    def _check_inputs(self, X, y, reset):
        """(X, mask of the inhibitory inputs)."""
        self._validate_params()
        if y is None:
            X = validate_data(self, X, reset=reset)
        else:
            X, y = validate_data(self, X, y, reset=reset)
        for name, values in (("X", X), ("y", y)):
            if values is not None and not np.isin(values, (0, 1)).all():
                raise ValueError(
                    f"{name} of a McCullochPittsNeuron must be 0 or 1 throughout; compare it with a "
                    "threshold before, or take a PerceptronClassifier, which has real inputs."
                )
        return X, self._inhibitory_mask(X.shape[1])

    def _inhibitory_mask(self, n_inputs):
        mask = np.zeros(n_inputs, dtype=bool)
        try:
            chosen = np.asarray([] if self.inhibitory is None else self.inhibitory)
        except ValueError:  # lists of unequal lengths
            chosen = np.array(None)
        if chosen.size == 0:
            return mask
        masks = chosen.dtype == bool and chosen.shape == mask.shape
        indices = chosen.ndim == 1 and chosen.dtype.kind in "iu"
        if not masks and not (indices and ((chosen >= 0) & (chosen < n_inputs)).all()):
            raise ValueError(
                f"inhibitory={self.inhibitory!r} must be indices of the inputs, 0 to {n_inputs - 1}, or "
                f"a mask of {n_inputs} values."
            )
        mask[chosen] = True
        return mask

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.target_tags.required = False
        tags.classifier_tags.multi_class = False
        return tags
