"""A network with weights: what it computes, layer by layer."""

from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from sknn import engine
from sknn._types import Array

# Work of fewer operations than this is over before a second thread has woken up.
PARALLEL_FLOPS = 2e6


def threads_for(flops, n_threads):
    """Threads for that much work, from the parameter `n_threads`."""
    return engine.effective_threads(n_threads) if flops > PARALLEL_FLOPS else 1


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
    pre_activation: Array
    activation: Array


class Gradients(NamedTuple):
    """Gradients of a loss with respect to everything that is trained.

    Parameters
    ----------
    coefs : list of ndarray
        ∂L/∂W of each layer, shaped like ``coefs_``.
    intercepts : list of ndarray
        ∂L/∂b of each layer, shaped like ``intercepts_``.
    """

    coefs: list[Array]
    intercepts: list[Array]


class FittedNetwork:
    """A network with weights.

    Parameters
    ----------
    network : Network
    program : the engine's Program
        The network with a loss at its end, whose link `forward` applies.
    weights : Weights
        As the engine takes them.
    link : {"softmax", "logistic", "identity", "exp"}
        What turns the outputs into predictions.
    n_threads : int or None
    """

    def __init__(self, network, program, weights, link="identity", n_threads=None):
        self.network, self.program, self.weights = network, program, weights
        self.link, self.n_threads = link, n_threads

    def forward(self, rows, shape, n_ops=-1, *, link=False, draw=None):
        """The values after some ops, and whether the rows were finite.

        Parameters
        ----------
        rows : the engine's Rows
        shape : tuple
            Of the values of one sample.
        n_ops : int, default=-1
            After so many ops; -1 for all.
        link : bool, default=False
            Whether to apply the link to the outputs.
        draw : (int, int) or None, default=None
            Seed and number of a thinned network of Monte-Carlo dropout.

        Returns
        -------
        values : ndarray (n, width)
            Probabilities and exponentials in float64, all else in the network's precision.
        finite : bool
        """
        probabilities = link and self.link in ("softmax", "logistic")
        # float64 holds it where float32 may not
        exponential = link and self.link == "exp"
        dtype = np.float64 if probabilities else self.network.dtype
        width = shape[0] if len(shape) == 1 else prod(shape)
        out = np.empty((rows.n_samples, width), dtype)
        finite = self.network.engine.forward(
            self.program,
            rows,
            self.weights.coefs,
            self.weights.intercepts,
            out,
            n_ops,
            link and not exponential,
            threads_for(rows.n_samples * self.network.multiply_adds, self.n_threads),
            statistics=self.weights.statistics,
            draw=draw,
        )
        if exponential:
            with np.errstate(over="ignore"):
                out = np.exp(out, dtype=np.float64)
        return out, finite

    def forward_steps(self, rows, ends):
        """A ForwardStep for each hidden layer and for the output layer.

        Parameters
        ----------
        rows : the engine's Rows
        ends : list of (int, tuple)
            After how many ops the input and each hidden layer end, and the shapes there.
        """
        network, steps = self.network, []
        for (begin, _), (end, shape) in pairwise(ends):
            function, at = network.activation_between(begin, end)
            z, a = (self.forward(rows, shape, n_ops)[0].reshape(-1, *shape) for n_ops in (at, end))
            steps.append(ForwardStep(function, z, a))
        shape = network.output_shape
        logits, _ = self.forward(rows, shape, len(network.plan.ops))
        outputs, _ = self.forward(rows, shape, link=True)
        return [*steps, ForwardStep(self.link, logits, outputs)]

    def input_gradients(self, rows, output_gradients):
        """Σ_k output_gradients_k ∂ logit_k / ∂x for every sample, (n, n_features)."""
        return self.network.input_gradients(
            rows,
            (self.weights.coefs, self.weights.intercepts),
            output_gradients,
            statistics=self.weights.statistics,
        )


def moments_over_draws(forward, seed, n_draws):
    """(mean, standard deviation) of predictions over dropout masks, and whether the samples were finite.

    Draw k has masks of its own, hashes of the seed of the fit, of k, the layer and the element. They
    are those of a network and not of a sample: a sample gets the same values whatever stands beside it.
    Welford's recurrence, draw by draw: nothing but one draw is ever in memory.

    Parameters
    ----------
    forward : callable
        Takes a draw, (seed, k), and returns (values, whether the samples were finite).
    seed, n_draws : int
    """
    mean = squares = np.zeros(1)
    finite = True
    for k in range(n_draws):
        values, finite = forward((seed, k))
        values = values.astype(np.float64, copy=False)
        change = values - mean
        mean = mean + change / (k + 1)
        squares = squares + change * (values - mean)
    return (mean, np.sqrt(squares / n_draws)), finite
