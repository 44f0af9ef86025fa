"""Learning-rate schedules, for every optimizer.

A schedule says by what factor the learning rate is multiplied at each step, from the progress of
training in [0, 1); InverseScaling and Adaptive change the rate between epochs instead, as in
scikit-learn. An instance may be given in place of a name: ``learning_rate=Cosine(final=0.1)``.
"""

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
    """Base of the schedules; by itself a constant learning rate.

    A subclass overrides what it changes: the factors of the steps, the rate after an epoch, or what
    happens when progress stops.

    See Also
    --------
    Constant : The learning rate stays as it is.
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

    #: whether `factors` is not 1 throughout
    per_step = False

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        self._validate_params()

    def factors(self, progress):
        """Give the factor of the learning rate at each progress.

        Parameters
        ----------
        progress : array-like of float
            Fractions of the training that are over, in [0, 1).

        Returns
        -------
        factors : ndarray of float
            One for each progress.
        """
        return np.ones_like(progress)

    def after_epoch(self, rate, initial_rate, samples_seen):
        """Give the learning rate after an epoch.

        Parameters
        ----------
        rate : float
            The learning rate so far.
        initial_rate : float
            The learning rate at the beginning.
        samples_seen : int
            Number of training samples since the first fit, with repetition.

        Returns
        -------
        rate : float
            The learning rate from now on.
        """
        return rate

    def on_plateau(self, rate):
        """Give the learning rate when progress has stopped.

        Parameters
        ----------
        rate : float
            The learning rate so far.

        Returns
        -------
        rate : float or None
            The learning rate from now on; None to stop training.
        """
        return None


class Constant(Schedule):
    """Constant learning rate.

    It stays ``learning_rate_init`` until training stops.

    See Also
    --------
    Cosine : Falls to zero over the whole of training.

    Examples
    --------
    >>> from sknn.schedules import Constant
    >>> Constant()
    Constant()
    """


class InverseScaling(Schedule):
    """Inverse power of the number of samples seen, as in scikit-learn.

    After every epoch η = η₀ / (t + 1)^power_t, t being the number of samples seen so far.

    Parameters
    ----------
    power_t : float, default=0.5
        Exponent, >= 0.

    See Also
    --------
    Cosine : Follows the progress of training, not the number of samples.

    Examples
    --------
    >>> from sknn.schedules import InverseScaling
    >>> InverseScaling(power_t=0.25)
    InverseScaling(power_t=0.25)
    """

    _parameter_constraints = {"power_t": NOT_NEGATIVE}

    def __init__(self, power_t=0.5):
        self.power_t = power_t

    def after_epoch(self, rate, initial_rate, samples_seen):
        with np.errstate(over="ignore"):  # a huge power leaves a rate of 0
            return float(initial_rate / np.power(samples_seen + 1.0, float(self.power_t)))


class Adaptive(Schedule):
    """Division of the learning rate where progress stops.

    The other schedules stop training after `n_iter_no_change` epochs without change. This one divides the
    learning rate and continues, until the rate is small.

    Parameters
    ----------
    divisor : float, default=5.0
        What the rate is divided by, > 1.
    smallest : float, default=1e-6
        Training stops when progress stops at a rate not above this.

    See Also
    --------
    Constant : Stops training there.

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

    def __init__(self, divisor=5.0, smallest=1e-6):
        self.divisor = divisor
        self.smallest = smallest

    def on_plateau(self, rate):
        return None if rate <= self.smallest else rate / self.divisor


class Cosine(Schedule):
    """Half a cosine from the learning rate to `final` times it over the whole of training.

    Factor at progress p: ``final + (1 − final) (1 + cos πp) / 2``.

    Parameters
    ----------
    final : float, default=0.0
        Factor at the end, in [0, 1].

    See Also
    --------
    FlatCosine : The same in the last part of training alone.
    OneCycle : Rises before it falls.

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

    def __init__(self, final=0.0):
        self.final = final

    def factors(self, progress):
        return _anneal(1.0, self.final, np.asarray(progress))


class OneCycle(Schedule):
    """Up from `start` to the learning rate, then down to `final`, both along half a cosine.

    The learning rate is the peak; ``learning_rate_init`` may be several times what a constant rate
    would be.

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
    Cosine : Only falls.
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

    def __init__(self, peak_at=0.3, start=0.04, final=4e-6):
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

    Factor at progress p: ``(1 − cos(2π log₂(1 + (2^cycles − 1) p))) / 2``. The rate comes to zero
    several times, early and late, so that the best epoch on the validation set may be any of them.

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

    def __init__(self, cycles=4):
        self.cycles = cycles

    def factors(self, progress):
        cycles = np.log2(1 + (2.0 ** int(self.cycles) - 1) * np.asarray(progress))
        return (1 - np.cos(2 * np.pi * cycles)) / 2


class FlatCosine(Schedule):
    """Constant learning rate that falls to 0 along half a cosine at the end.

    Factor at progress p: 1 up to `flat`, then ``(1 + cos(π (p − flat) / (1 − flat))) / 2``.

    Parameters
    ----------
    flat : float, default=0.5
        Progress at which the rate begins to fall, in [0, 1).

    See Also
    --------
    Cosine : Falls from the beginning.

    Examples
    --------
    >>> from sknn.schedules import FlatCosine
    >>> FlatCosine().factors([0.0, 0.5, 0.75]).round(3)
    array([1. , 1. , 0.5])
    """

    per_step = True
    _parameter_constraints = {"flat": BELOW_ONE}

    def __init__(self, flat=0.5):
        self.flat = flat

    def factors(self, progress):
        progress = np.asarray(progress)
        return _anneal(1.0, 0.0, np.maximum(progress - self.flat, 0) / (1 - self.flat))


def _anneal(start, end, progress):
    """Half a cosine from start to end."""
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
