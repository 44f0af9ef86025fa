"""Which samples each member of an ensemble is trained and validated on."""

import itertools
import reprlib
import warnings

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

from sknn._warnings import warn
from sknn.ensemble.copies import distinct
from sknn.inputs.dataset import too_few_to_validate

#: below so many samples a tenth of them is too few to find the best epoch, and a fifth validates
FEW = 500
MIN_FOLDS_OF_FEW, MIN_FOLDS = 5, 10


def folds(validation, n_folds, data, encoded, targets, random_state):
    """A list of `n_folds` (training, validation) numbers of samples; members of different kinds share one.

    Parameters
    ----------
    validation : {"cv", "holdout"}, splitter, list of splits, or array of int or bool
        Of a splitter the last splits are taken, those that know most where samples are ordered in time;
        all of them in turn where it has fewer than `n_folds`.
    n_folds : int
    data : Dataset
        Samples without weight are on neither side.
    encoded : Encoded
        The same samples.
    targets : Targets
    random_state : RandomState
    """
    samples = data.counting
    if isinstance(validation, str):
        y = data.y[samples]
        if data.groups is not None:
            groups = data.groups[samples]
            found = _own_folds(validation, n_folds, y, groups, targets, random_state)
        else:
            rows = encoded.X if len(samples) == len(encoded.X) else encoded.X[samples]
            first, copy_of = distinct(rows, encoded.n_numbers)
            found = _own_folds(validation, n_folds, y[first], None, targets, random_state)
            found = [tuple(_with_copies(part, copy_of) for part in parts) for parts in found]
    elif hasattr(validation, "split") or _are_splits(validation):
        counting = data if len(samples) == len(data.y) else data.take(samples)
        found = _folds_of(check_cv(validation), counting)
    else:
        found = [_held_out(validation, data, samples)]
    found = [(samples[inside], samples[outside]) for inside, outside in found]
    chosen = list(itertools.islice(itertools.cycle(found[-n_folds:]), n_folds))
    _warn_of_few(targets, data, chosen)
    return chosen


def _own_folds(validation, n_folds, y, groups, targets, random_state):
    """Folds that keep the proportions of classes, and the samples of a group together."""
    n_splits = max(MIN_FOLDS if len(y) >= FEW else MIN_FOLDS_OF_FEW, n_folds)
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise ValueError("groups holds a single group, of which none is left to train on.")
        n_splits = min(n_splits, n_groups)
    elif n_splits > len(y):
        raise ValueError(f"n_members asks for {n_splits} folds, but there are {len(y)} samples.")
    seed = random_state.randint(np.iinfo(np.int32).max)
    strata = targets.strata(y)
    if strata is not None and np.bincount(strata.astype(int)).max() < n_splits:
        strata = None
    kinds = {
        (False, False): KFold,
        (False, True): StratifiedKFold,
        (True, False): GroupKFold,
        (True, True): StratifiedGroupKFold,
    }
    kind = kinds[groups is not None, strata is not None]
    splitter = kind(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        found = list(splitter.split(np.zeros(len(y)), strata, groups))
    return found[:1] if validation == "holdout" else found[:n_folds]


def _with_copies(part, copy_of):
    """Numbers of all samples of which a part of the distinct ones holds a copy."""
    return np.flatnonzero(np.isin(copy_of, part))


def _are_splits(validation):
    """Whether it is a list of pairs (training, validation) rather than one array."""
    return len(validation) > 0 and all(isinstance(part, tuple) for part in validation)


def _folds_of(splitter, data):
    """All splits of a splitter of the user's."""
    found = [
        tuple(np.asarray(part) for part in split)
        for split in splitter.split(data.seen, data.y, data.groups)
    ]
    if not found or not all(len(part) for split in found for part in split):
        raise ValueError(
            f"validation={splitter} must leave samples to train on, and to validate on, in every split."
        )
    return found


def _held_out(validation, data, samples):
    """(the others, the samples that an array names), as numbers within `samples`."""
    n = len(data.y)
    try:
        chosen = np.asarray(validation)
        is_flat = chosen.ndim == 1 and chosen.dtype.kind in "biu"
    except ValueError:  # lists of different lengths
        is_flat = False
    if not is_flat:
        raise ValueError(
            f"validation={reprlib.repr(validation)} must hold the numbers of the validation samples, or a "
            "bool for each sample; or be a list of pairs of such arrays, (training, validation)."
        )
    if data.groups is not None:
        raise ValueError("groups is provided, but validation names the validation samples itself.")
    if chosen.dtype.kind == "b" and len(chosen) != n:
        raise ValueError(f"validation has {len(chosen)} bools, but there are {n} samples.")
    if chosen.dtype.kind != "b" and len(chosen) and not -n <= chosen.min() <= chosen.max() < n:
        raise ValueError(
            f"validation={chosen.min()} to {chosen.max()} must be numbers of the {n} samples."
        )
    numbers = np.arange(n)[chosen]
    is_outside = np.isin(samples, numbers)
    inside, outside = np.flatnonzero(~is_outside), np.flatnonzero(is_outside)
    if not len(outside) or not len(inside):
        raise ValueError(
            "validation must leave samples to train on, and to validate on, whose weight is not zero."
        )
    return inside, outside


def _warn_of_few(targets, data, found):
    """One warning where the validation fold of a member says little about its epochs."""
    for _, outside in found:
        few = too_few_to_validate(targets, data.y, outside)
        if few:
            warn(
                f"A fold of {len(data.counting)} samples leaves a member {few} to validate on: scores of so few "
                "say little about its best epoch. Fit with more samples, or pass X_val and y_val."
            )
            return
