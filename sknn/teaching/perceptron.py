"""Rosenblatt's perceptron, the first neuron that learns."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from sknn._ranges import COUNT, POSITIVE
from sknn._state import atomic_fit, on_snapshot
from sknn._types import ArrayOr, Samples, Seed, Target
from sknn._warnings import warn
from sknn.estimators.decorators import fit_context

N_LOOK_AHEAD = 64


class PerceptronClassifier(ClassifierMixin, BaseEstimator):
    """Rosenblatt's perceptron: a neuron with weights, which learns from its mistakes and from nothing else.

    Two classes, 0 and 1 in the formulas, are told apart by the sign of :math:`w \\cdot x + b`. The rows come one by one; with
    :math:`\\hat y` the prediction for a row and :math:`\\eta` the learning rate,

    .. math::

        w \\leftarrow w + \\eta \\, (y - \\hat y) \\, x, \\qquad b \\leftarrow b + \\eta \\, (y - \\hat y),

    which changes nothing where the prediction is right. Several classes have a vector of weights each, and
    the largest :math:`w_k \\cdot x + b_k` wins; after a mistake the right class gains :math:`\\eta x` and the
    wrong one loses it.

    If some line (plane, ...) separates the classes, learning ends: with all :math:`\\lVert (x, 1) \\rVert \\le R`
    and a separation by the margin :math:`\\gamma` there are at most :math:`(R / \\gamma)^2` mistakes
    (Novikoff 1962). If none does, it never ends.

    Parameters
    ----------
    max_iter : int, default=1000
        At most so many epochs; learning ends after the first one without a mistake.
    learning_rate : float, default=1.0
        Learning rate η. The weights start at zero, so it only scales them: mistakes and predictions are
        the same for any, up to rounding.
    shuffle : bool, default=True
        Whether the rows come in a new order in every epoch.
    random_state : int, RandomState or None, default=None
        Seed of these orders.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    coef_ : ndarray of shape (1, n_in) for two classes, else (n_classes, n_in)
        Weights.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Biases.
    mistakes_ : list of int
        Mistakes in each epoch.
    n_iter_ : int
        Epochs.
    converged_ : bool
        Whether the last epoch was without a mistake.
    n_features_in_ : int
        Inputs seen in `fit`.
    feature_names_in_ : ndarray of shape (n_in,)
        Names of the inputs, if X in `fit` had names that are all strings.

    See Also
    --------
    McCullochPittsNeuron : Its ancestor, without weights.
    MLPClassifier : Layers of such neurons, with differentiable activations instead of steps.

    References
    ----------
    F. Rosenblatt, The perceptron: a probabilistic model for information storage and organization in the
    brain, Psychological Review 65 (1958); the Mark I was shown in 1960.
    A. B. J. Novikoff, On convergence proofs on perceptrons, Symposium on the Mathematical Theory of
    Automata 12 (1962).
    M. Minsky & S. Papert, Perceptrons, MIT Press (1969).
    R. O. Duda & P. E. Hart, Pattern classification and scene analysis, Wiley (1973): several classes.

    Examples
    --------
    >>> from sknn import PerceptronClassifier
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = PerceptronClassifier(random_state=0).fit(X, [0, 0, 0, 1])  # AND
    >>> neuron.predict(X)
    array([0, 0, 0, 1])
    >>> neuron.converged_, neuron.mistakes_[-1]
    (True, 0)
    """

    _parameter_constraints = {
        "max_iter": COUNT,
        "learning_rate": POSITIVE,
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        max_iter: int = 1000,
        learning_rate: float = 1.0,
        shuffle: bool = True,
        random_state: Seed = None,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.shuffle = shuffle
        self.random_state = random_state

    @fit_context
    def fit(self, X: Samples, y: Target) -> Self:
        """Learn until an epoch is without a mistake, at most `max_iter` epochs.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        self : PerceptronClassifier
            The fitted estimator.
        """
        with atomic_fit(self) as working_copy:
            X, y = working_copy._check_rows(X, y, reset=True)
            working_copy._start(unique_labels(y))
            targets = working_copy._numbers_of(y)
            for _ in range(self.max_iter):
                working_copy._learn(X, targets)
                if working_copy.converged_:
                    break
            else:
                left = f"there are still {working_copy.mistakes_[-1]} mistakes"
                why = "Either no line separates the classes, or max_iter is too small."
                text = f"After max_iter={self.max_iter} epochs {left}. {why}"
                warn(text, ConvergenceWarning)
        return self

    @fit_context
    def partial_fit(self, X: Samples, y: Target, classes: Any = None) -> Self:
        """Learn from some rows, once each, starting from the current weights.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs.
        y : array-like of shape (n,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call.

        Returns
        -------
        self : PerceptronClassifier
            The fitted estimator.
        """
        self._validate_params()  # the decorator does so only once
        with atomic_fit(self) as working_copy:
            first = not hasattr(working_copy, "classes_")
            X, y = working_copy._check_rows(X, y, reset=first)
            if first and classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            if first:
                working_copy._start(unique_labels(classes))
            elif classes is not None and not np.array_equal(
                unique_labels(classes), working_copy.classes_
            ):
                text = f"classes={classes!r} is not the same as on the first call to partial_fit"
                raise ValueError(f"{text}, which was {working_copy.classes_}.")
            # others may predict with those that there are
            working_copy.coef_ = working_copy.coef_.copy()
            working_copy.intercept_ = working_copy.intercept_.copy()
            working_copy._learn(X, working_copy._numbers_of(y))
        return self

    @on_snapshot
    def decision_function(self, X: Samples) -> ArrayOr:
        """The sums before the step: :math:`w \\cdot x + b`.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs.

        Returns
        -------
        Z : ndarray of shape (n,) for two classes, else (n, n_classes)
            For two classes positive where the second is predicted.
        """
        check_is_fitted(self)
        Z = self._sums(validate_data(self, X, reset=False, dtype=np.float64))
        return Z[:, 0] if len(self.classes_) == 2 else Z

    @on_snapshot
    def predict(self, X: Samples) -> ArrayOr:
        """Predict the class of each sample.

        Parameters
        ----------
        X : array-like of shape (n, n_in)
            Inputs.

        Returns
        -------
        y : ndarray of shape (n,)
            Class labels; of equal sums the first class has it.
        """
        check_is_fitted(self)
        return self.classes_[self._winners(validate_data(self, X, reset=False, dtype=np.float64))]

    def _check_rows(self, X, y, reset):
        X, y = validate_data(self, X, y, reset=reset, dtype=np.float64)
        check_classification_targets(y)
        return X, y

    def _start(self, classes):
        if len(classes) < 2:
            raise ValueError(f"y must have at least two classes, it has one class: {classes}.")
        self.classes_ = classes
        n_sums = 1 if len(classes) == 2 else len(classes)
        self.coef_ = np.zeros((n_sums, self.n_features_in_))
        self.intercept_ = np.zeros(n_sums)
        self.mistakes_ = []
        self._random_state = check_random_state(self.random_state)

    def _numbers_of(self, y):
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown} that are not in classes={self.classes_}; pass all of them on "
                "the first call to partial_fit."
            )
        return np.searchsorted(self.classes_, y)

    def _learn(self, X, targets):
        """One epoch. The weights stay until there is a mistake, so many rows are looked at in one go."""
        codes = np.array([[0.0], [1.0]]) if len(self.classes_) == 2 else np.eye(len(self.classes_))
        order = np.arange(len(X))
        if self.shuffle:
            self._random_state.shuffle(order)
        n_mistakes = start = 0
        while start < len(order):
            rows = order[start : start + N_LOOK_AHEAD]
            winners = self._winners(X[rows])
            wrong = np.flatnonzero(winners != targets[rows])[:1]
            for i in wrong:
                change = self.learning_rate * (codes[targets[rows[i]]] - codes[winners[i]])
                self.coef_ += np.outer(change, X[rows[i]])
                self.intercept_ += change
            n_mistakes += len(wrong)
            start += wrong[0] + 1 if len(wrong) else len(rows)
        self.mistakes_ = [*self.mistakes_, n_mistakes]
        self.n_iter_ = len(self.mistakes_)
        self.converged_ = n_mistakes == 0

    def _sums(self, X):
        return X @ self.coef_.T + self.intercept_

    def _winners(self, X):
        Z = self._sums(X)
        return (Z[:, 0] > 0).astype(int) if len(self.classes_) == 2 else Z.argmax(axis=1)
