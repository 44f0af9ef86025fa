"""Take the figures of one model on one data set."""

import pickle
import time
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

N_FOLDS = 3  # what the time allows: all models on all data sets in under a minute
# The learning curve's points: parts of the training samples of a fold. The last is the fold itself.
FRACTIONS = (0.1, 0.3, 1.0)
PREDICT_SECONDS = 0.01  # how long predict is repeated to time it


@dataclass(frozen=True)
class Result:
    """What one model did on one data set.

    Attributes
    ----------
    data, model : the :class:`~sknn.comparison.registry.Data` and ``Model`` it belongs to.
    train_sizes : list of int, shape (n_sizes,)
        Training samples at each point of the learning curve; the last is the whole training part.
    curve : ndarray of shape (n_sizes, n_folds)
        Test score at each of them, per fold.
    fit_seconds : float
        Median over the folds of the time of ``fit``.
    predict_seconds : float
        Median over the folds of the time of ``predict`` on a whole test fold, per row.
    n_bytes : int
        Size of the pickled model of the last fold.
    is_unsettled : bool
        Whether a ``ConvergenceWarning`` came up with all training samples.
    """

    data: object
    model: object
    train_sizes: list
    curve: np.ndarray
    fit_seconds: float
    predict_seconds: float
    n_bytes: int
    is_unsettled: bool

    @property
    def scores(self):
        """Cross-validated scores, one per fold, with all training samples."""
        return self.curve[-1]


def reference(results):
    """Name the model that the others are compared with: the random forest, or else the first."""
    return "forest" if "forest" in results else next(iter(results))


def within_noise(results):
    """Names of the models that are at most two standard errors worse than the best mean score.

    The variance is what is left of the scores of all models after the means of models and of folds. The folds
    share training samples, so the standard error is Nadeau and Bengio's (2003), not that of independent ones.
    """
    scores = np.array([result.scores for result in results.values()])
    n_models, n_folds = scores.shape
    if n_models == 1:
        return set()
    means = scores.mean(axis=1)
    left = scores - means[:, None] - scores.mean(axis=0) + scores.mean()
    variance = (left**2).sum() / ((n_models - 1) * (n_folds - 1))
    standard_error = np.sqrt(2 * variance * (1 / n_folds + 1 / (n_folds - 1)))
    return {
        name
        for name, mean in zip(results, means, strict=True)
        if means.max() - mean <= 2 * standard_error
    }


def measure(model, data, seed, progress=None, clock=time.perf_counter):
    """Cross-validate `model` on `data`, with a learning curve inside every fold.

    `clock` tells the seconds: those of the wall, or with ``time.process_time`` the processor's.
    """
    folds = (KFold if data.is_regression else StratifiedKFold)(
        N_FOLDS, shuffle=True, random_state=seed
    )
    curve, fits, predicts, unsettled = [], [], [], False
    for train, test in folds.split(data.X, data.y):
        if progress is not None:
            progress.step(f"{data.name}: {model.label}")
        parts = [_part(data, train, fraction, seed) for fraction in FRACTIONS]
        scores = []
        for part in parts:
            estimator = model.make(data, seed)
            X_part, X_test = _rows(data.X, part), _rows(data.X, test)
            seconds, part_unsettled = _timed_fit(estimator, X_part, data.y[part], clock)
            scores.append(estimator.score(X_test, data.y[test]))
        # The estimator of the last part, all training samples, is the one whose figures count.
        curve.append(scores)
        fits.append(seconds)
        predicts.append(_time_predict(estimator, X_test, clock))
        unsettled |= part_unsettled
    return Result(
        data=data,
        model=model,
        train_sizes=[len(part) for part in parts],
        curve=np.array(curve).T,
        fit_seconds=float(np.median(fits)),
        predict_seconds=float(np.median(predicts)),
        n_bytes=len(pickle.dumps(estimator)),
        is_unsettled=unsettled,
    )


def _rows(X, rows):
    """Take rows of an array or of a DataFrame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _part(data, train, fraction, seed):
    """Choose a fraction of the training samples, every class in its share."""
    if fraction == 1.0:
        return train
    classes = None if data.is_regression else data.y[train]
    part, _ = train_test_split(train, train_size=fraction, stratify=classes, random_state=seed)
    return part


def _timed_fit(estimator, X, y, clock):
    """Fit; return the seconds it took and whether it warned that it had not converged.

    That one warning becomes a mark in the table; all others are passed on, but for that of few samples
    to validate on.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        # the learning curve's first parts are small on purpose
        warnings.filterwarnings("ignore", ".* to validate on", UserWarning)
        start = clock()
        estimator.fit(X, y)
        seconds = clock() - start
    unsettled = False
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            unsettled = True
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return seconds, unsettled


def _time_predict(estimator, X, clock):
    """Return the median seconds per row of ``predict`` on all rows at once."""
    estimator.predict(X)
    times = []
    while sum(times) < PREDICT_SECONDS or len(times) < 3:
        start = clock()
        estimator.predict(X)
        times.append(clock() - start)
    return float(np.median(times)) / len(X)
