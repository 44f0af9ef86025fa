"""Samples: validated input with targets and weights, and the split for early stopping."""

from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d
from sklearn.utils.validation import _check_sample_weight

from sknn._warnings import warn

#: samples of a validation set whose scores say something, and of each class in it
FEWEST_TO_VALIDATE, FEWEST_OF_A_CLASS = 20, 2


def some_of(X, samples):
    """Some samples of an array or of a frame, copied."""
    if hasattr(type(X), "column_names"):  # pyarrow, which scikit-learn 1.6 cannot index
        return X.take(samples)
    return _safe_indexing(X, samples)


class Given(NamedTuple):
    """Samples as the user gives them."""

    X: Any = None
    y: Any = None
    sample_weight: Any = None
    #: samples of the same group are never on both sides of a split
    groups: Any = None


@dataclass
class Dataset:
    """Validated samples with their targets and weights."""

    X: Any
    y: np.ndarray
    #: what the user gave
    sample_weight: np.ndarray | None
    #: sample weights times class weights: what training and every score see
    weights: np.ndarray | None
    #: X as scorers and callbacks see it: with the names of its features where it has some
    seen: Any
    groups: np.ndarray | None = None

    @classmethod
    def of(cls, X, y, sample_weight, targets, seen=None, groups=None):
        """Validated X and y with checked weights, those of the classes among them.

        Parameters
        ----------
        X, y : validated samples and targets
        sample_weight : array-like of shape (n,) or None
        targets : Targets
            Say what weight each sample has from its class.
        seen : object, default=None
            X as the user gave it; None is `X`.
        groups : array-like of shape (n,) or None, default=None
            Which samples belong together.
        """
        sample_weight = check_weights(sample_weight, X)
        weights = targets.weighted(y, sample_weight)
        if weights is not sample_weight:
            name = "class_weight" if sample_weight is None else "sample_weight times class_weight"
            check_sum(weights, name)
        if groups is not None:
            groups = column_or_1d(groups)
            check_consistent_length(X, groups)
        return cls(X, y, sample_weight, weights, X if seen is None else seen, groups)

    @property
    def counting(self):
        """Numbers of the samples that count: one with a weight of zero is not there."""
        if self.weights is None or self.weights.all():
            return np.arange(self.X.shape[0], dtype=np.intp)
        return np.flatnonzero(self.weights).astype(np.intp, copy=False)

    def take(self, samples):
        """Some of the samples, copied."""

        def pick(part):
            return None if part is None else some_of(part, samples)

        X = pick(self.X)
        seen = X if self.seen is self.X else pick(self.seen)
        weights = pick(self.sample_weight), pick(self.weights)
        return Dataset(X, pick(self.y), *weights, seen, pick(self.groups))

    def weights_of(self, samples):
        """`weights` of some of the samples, or None."""
        return None if self.weights is None else self.weights[samples]

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


def split_validation(samples, fraction, random_state, strata, must_stratify):
    """(training, validation) numbers of samples; (all, None) and a warning where there are too few.

    The draws are those of ``train_test_split`` on the data, as in scikit-learn's MLP. Several classes
    are stratified where their numbers allow it, two classes always. As there, two samples and a class
    with a single one of many are errors.
    """
    n_validation = int(np.ceil(fraction * len(samples)))
    n_train, n_classes, alone = len(samples) - n_validation, 1, False
    if strata is not None:
        counts = np.unique(strata, return_counts=True)[1]
        if must_stratify:
            n_classes, alone = len(counts), counts.min() == 1
        elif counts.min() == 1 or len(counts) > min(n_validation, n_train):
            strata = None
    too_few = n_validation < 2 or n_train < n_classes
    if too_few and len(samples) > 2 and not alone:
        warn(
            f"validation_fraction={fraction} of {len(samples)} samples leaves {n_validation} to validate "
            "on, too few: training continues without early stopping. Increase validation_fraction, or "
            "pass X_val and y_val."
        )
        return samples, None
    train, validation = train_test_split(
        samples,
        random_state=random_state,
        test_size=fraction,
        stratify=None if strata is None else strata.reshape(-1, 1),
    )
    if len(validation) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )
    return np.ascontiguousarray(train), np.ascontiguousarray(validation)


def too_few_to_validate(targets, y, validation):
    """How few samples a validation set has, or of its rarest class, in words; "" where there are enough.

    Parameters
    ----------
    targets : Targets
    y : ndarray
        All targets, validated; where they are all the same there is nothing to find out.
    validation : ndarray of int
        Numbers of the samples of the validation set.
    """
    strata = targets.strata(y)
    n_samples = rarest = len(validation)
    if strata is not None:
        counts = np.bincount(strata[validation], minlength=max(targets.group_sizes[0], 2))
        rarest = counts.min()
    enough = n_samples >= FEWEST_TO_VALIDATE and rarest >= FEWEST_OF_A_CLASS
    if enough or not (y != y[0]).any():
        return ""
    return f"{n_samples}" + (f", {rarest} of a class," if rarest < FEWEST_OF_A_CLASS else "")


def has_validation_data(validation):
    """Whether the user gives validation data; raises where they are incomplete."""
    X, y, sample_weight, _ = validation
    if (X is None) != (y is None):
        given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
        raise ValueError(f"{given} is provided, but {missing} was not provided.")
    if sample_weight is not None and X is None:
        raise ValueError("sample_weight_val is provided, but X_val was not provided.")
    return X is not None
