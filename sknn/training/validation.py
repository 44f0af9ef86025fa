"""Validation after every epoch: loss and score of the current weights."""

import math

import numpy as np

from sknn.network.fitted import threads_for

#: work between two looks at the clock in validation, and samples at the least
PART_MULTIPLY_ADDS, SMALLEST_PART = 10**9, 64


class Validation:
    """The validation data as the engine reads them.

    Parameters
    ----------
    network : Network
        That reads them; it may differ from the trained one in whether its input is sparse.
    loss : Loss
    parts : iterable of (slice, Rows)
        Read anew each time. Between them the clock is read.
    targets : ndarray
        Encoded for the loss.
    weights : ndarray or None
    score : callable or None
        Takes the logits and the FitLoop, returns the score; None for the negative loss.
    n_threads : int or None
    """

    def __init__(self, network, loss, parts, targets, weights, score, n_threads=None):
        self.network, self.program = network, network.program(loss)
        self.parts, self.targets, self.weights = parts, targets, weights
        self.score, self.n_threads = score, n_threads
        self.logits = np.empty((len(targets), loss.n_outputs), network.dtype)

    def __call__(self, loop, deadline=math.inf):
        """(score, loss) of the current weights of a FitLoop; None where time is over before."""
        weights, engine = loop.weights(), self.network.engine
        for part, rows in self.parts:
            if engine.clock() > deadline:
                return None
            self._forward(part, rows, weights, self.logits)
        loss = engine.loss_of(self.program, self.logits, self.targets, self.weights)
        if not np.isfinite(self.logits).all():
            return math.nan, loss
        return -loss if self.score is None else float(self.score(self.logits, loop)), loss

    def outputs(self, weights):
        """Logits of the validation data by some weights."""
        logits = np.empty_like(self.logits)
        for part, rows in self.parts:
            self._forward(part, rows, weights, logits)
        return logits

    def _forward(self, part, rows, weights, out):
        self.network.engine.forward(
            self.program,
            rows,
            weights.coefs,
            weights.intercepts,
            out[part],
            n_threads=threads_for(rows.n_samples * self.network.multiply_adds, self.n_threads),
            statistics=weights.statistics,
        )


def parts_of(X, network, rows, limited):
    """(slice, Rows) of parts of X between which the clock is read; a single one without a time limit."""
    n, step = X.shape[0], X.shape[0]
    if limited:
        step = max(PART_MULTIPLY_ADDS // network.multiply_adds, SMALLEST_PART)
    parts = [slice(at, min(at + step, n)) for at in range(0, n, step)]
    return [(part, rows(network, X[part])) for part in parts]
