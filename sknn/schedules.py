"""Learning-rate schedules, for every optimizer.

A schedule computes the factor of the learning rate at each step from the progress of training in [0, 1).
InverseScaling and Adaptive change the learning rate between epochs instead, as in scikit-learn. Estimators
accept an instance instead of a name: ``learning_rate=Cosine(final=0.1)``.
"""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from sknn._ranges import (
    BELOW_ONE,
    FRACTION,
    MAX_FLOAT,
    NOT_NEGATIVE,
    POSITIVE,
    ParametersInRange,
)


class Schedule(ParametersInRange):
    """Base of the schedules; a constant learning rate.

    A subclass overrides the factors of the steps, the learning rate after an epoch, or the learning rate on a
    plateau.

    See Also
    --------
    Constant : Constant learning rate.
    sknn.optimizers.Optimizer : Base of the optimizers.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn.schedules import Schedule
    >>> class Halves(Schedule):
    ...     per_step = True
    ...
    ...     def factors(self, progress):
    ...         return np.where(np.asarray(progress) < 0.5, 1.0, 0.5)
    >>> Halves().factors([0.0, 0.9])
    array([1. , 0.5])
    """

    #: whether `factors` differ from 1
    per_step = False

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        self._validate_params()

    def factors(self, progress):
        """Compute the factors of the learning rate.

        Parameters
        ----------
        progress : array-like of float
            Finished fractions of training, in [0, 1).

        Returns
        -------
        factors : ndarray of float
            One for each progress.
        """
        return np.ones_like(progress)

    def stages(self, n_epochs):
        """List where an ensemble's member stops if it has come no further.

        Parameters
        ----------
        n_epochs : int
            Number of epochs that the schedule is made for.

        Returns
        -------
        stages : dict of int to int
            The epoch where a stage ends, and the one where it began. Training ends with a stage that had no epoch
            better than all before. Empty for schedules that have no stages.
        """
        return {}

    def after_epoch(self, rate, initial_rate, samples_seen):
        """Compute the learning rate after an epoch.

        Parameters
        ----------
        rate : float
            The current learning rate.
        initial_rate : float
            The initial learning rate.
        samples_seen : int
            Number of training samples since the first fit, counting repetitions.

        Returns
        -------
        rate : float
            The new learning rate.
        """
        return rate

    def on_plateau(self, rate):
        """Compute the learning rate after a plateau.

        Parameters
        ----------
        rate : float
            The current learning rate.

        Returns
        -------
        rate : float or None
            The new learning rate; None to stop training.
        """
        return None


class Constant(Schedule):
    """Constant learning rate.

    The learning rate is ``learning_rate_init`` until training stops.

    See Also
    --------
    Cosine : Falls to zero over the whole training.

    Examples
    --------
    >>> from sknn.schedules import Constant
    >>> Constant()
    Constant()
    """


class InverseScaling(Schedule):
    """Inverse power of the number of samples seen, as in scikit-learn.

    After each epoch η = η₀ / (t + 1)^power_t, where t is the number of samples seen so far.

    Parameters
    ----------
    power_t : float, default=0.5
        Exponent, >= 0.

    See Also
    --------
    Cosine : Depends on the progress of training, not the number of samples.

    Examples
    --------
    >>> from sknn.schedules import InverseScaling
    >>> InverseScaling(power_t=0.25)
    InverseScaling(power_t=0.25)
    """

    _parameter_constraints = {"power_t": NOT_NEGATIVE}

    def __init__(self, power_t: float = 0.5) -> None:
        self.power_t = power_t

    def after_epoch(self, rate, initial_rate, samples_seen):
        with np.errstate(over="ignore"):  # a huge power leaves a rate of 0
            return float(initial_rate / np.power(samples_seen + 1.0, float(self.power_t)))


class Adaptive(Schedule):
    """Division of the learning rate on a plateau.

    Other schedules stop training after `n_iter_no_change` epochs without improvement. This one divides the
    learning rate and continues, until the learning rate is small.

    Parameters
    ----------
    divisor : float, default=5.0
        Divisor of the learning rate, > 1.
    smallest : float, default=1e-6
        Training stops on a plateau if the learning rate is at most this.

    See Also
    --------
    Constant : Stops training on a plateau.

    Examples
    --------
    >>> from sknn.schedules import Adaptive
    >>> Adaptive(divisor=2.0)
    Adaptive(divisor=2.0)
    """

    _parameter_constraints = {
        "divisor": [Interval(Real, 1, MAX_FLOAT, closed="right")],
        "smallest": POSITIVE,
    }

    def __init__(self, divisor: float = 5.0, smallest: float = 1e-6) -> None:
        self.divisor = divisor
        self.smallest = smallest

    def on_plateau(self, rate):
        return None if rate <= self.smallest else rate / self.divisor


class Cosine(Schedule):
    """Cosine annealing from the learning rate to `final` times it over the whole training.

    Factor at progress p: ``final + (1 − final) (1 + cos πp) / 2``.

    Parameters
    ----------
    final : float, default=0.0
        Factor at the end, in [0, 1].

    See Also
    --------
    FlatCosine : Cosine annealing in the last part of training.
    OneCycle : Rises, then falls.

    References
    ----------
    I. Loshchilov & F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Examples
    --------
    >>> from sknn.schedules import Cosine
    >>> Cosine().factors([0.0, 0.5]).round(3)
    array([1. , 0.5])
    """

    per_step = True
    _parameter_constraints = {"final": FRACTION}

    def __init__(self, final: float = 0.0) -> None:
        self.final = final

    def factors(self, progress):
        return _anneal(1.0, self.final, np.asarray(progress))


class OneCycle(Schedule):
    """One cycle: from `start` up to the learning rate, then down to `final`, with cosine annealing.

    ``learning_rate_init`` is the peak; it may be several times a suitable constant learning rate.

    Parameters
    ----------
    peak_at : float, default=0.3
        Progress at which the peak is reached, in (0, 1).
    start : float, default=0.04
        Factor at the beginning, in [0, 1].
    final : float, default=4e-6
        Factor at the end, in [0, 1].

    See Also
    --------
    Cosine : Cosine annealing.
    CosLog : Several cycles.

    References
    ----------
    L. Smith & N. Topin, Super-convergence, arXiv 1708.07120. The defaults are PyTorch's.

    Examples
    --------
    >>> from sknn.schedules import OneCycle
    >>> OneCycle(peak_at=0.5).factors([0.0, 0.5]).round(3)
    array([0.04, 1.  ])
    """

    per_step = True
    _parameter_constraints = {
        "peak_at": [Interval(Real, 0, 1, closed="neither")],
        "start": FRACTION,
        "final": FRACTION,
    }

    def __init__(self, peak_at: float = 0.3, start: float = 0.04, final: float = 4e-6) -> None:
        self.peak_at = peak_at
        self.start = start
        self.final = final

    def factors(self, progress):
        progress = np.asarray(progress)
        up = _anneal(self.start, 1.0, progress / self.peak_at)
        down = _anneal(1.0, self.final, (progress - self.peak_at) / (1 - self.peak_at))
        return np.where(progress < self.peak_at, up, down)


class CosLog(Schedule):
    """Learning-rate cycles from 0 to the learning rate and back, each twice as long as the one before.

    Factor at progress p: ``(1 − cos(2π log₂(1 + (2^cycles − 1) p))) / 2``. The learning rate reaches zero
    several times, early and late, so that the best validation score can be that of an early cycle. A member of a
    tabular estimator stops after the third, or a later, cycle that had no epoch better than all before.

    Parameters
    ----------
    cycles : int, default=4
        Number of cycles, 1 to 1000.

    See Also
    --------
    OneCycle : A single cycle.

    References
    ----------
    D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data, NeurIPS 2024 (arXiv 2407.04491).

    Examples
    --------
    >>> from sknn.schedules import CosLog
    >>> CosLog().factors([0.0, 1 / 15, 0.2]).round(3)
    array([0., 0., 0.])
    """

    per_step = True
    _parameter_constraints = {"cycles": [Interval(Integral, 1, 1000, closed="both")]}

    def __init__(self, cycles: int = 4) -> None:
        self.cycles = cycles

    def factors(self, progress):
        cycles = np.log2(1 + (2.0 ** int(self.cycles) - 1) * np.asarray(progress))
        return (1 - np.cos(2 * np.pi * cycles)) / 2

    def stages(self, n_epochs):
        whole = 2.0 ** int(self.cycles) - 1
        ends = [round((2.0**k - 1) / whole * n_epochs) for k in range(2, int(self.cycles))]
        return {end: begin for begin, end in pairwise(ends) if begin < end}


class FlatCosine(Schedule):
    """Constant learning rate with cosine annealing to 0 at the end.

    Factor at progress p: 1 up to `flat`, then ``(1 + cos(π (p − flat) / (1 − flat))) / 2``.

    Parameters
    ----------
    flat : float, default=0.5
        Progress at which annealing begins, in [0, 1).

    See Also
    --------
    Cosine : Cosine annealing from the beginning.

    Examples
    --------
    >>> from sknn.schedules import FlatCosine
    >>> FlatCosine().factors([0.0, 0.5, 0.75]).round(3)
    array([1. , 1. , 0.5])
    """

    per_step = True
    _parameter_constraints = {"flat": BELOW_ONE}

    def __init__(self, flat: float = 0.5) -> None:
        self.flat = flat

    def factors(self, progress):
        progress = np.asarray(progress)
        return _anneal(1.0, 0.0, np.maximum(progress - self.flat, 0) / (1 - self.flat))


def _anneal(start, end, progress):
    """Cosine annealing from start to end."""
    return end + (start - end) * (1 + np.cos(np.pi * progress)) / 2


SCHEDULES = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "coslog": CosLog,
    "flat_cosine": FlatCosine,
}
