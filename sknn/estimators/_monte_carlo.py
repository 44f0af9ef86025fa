"""Monte-Carlo dropout: predictions of many thinned networks, their mean and how far they differ."""

from numbers import Integral

import numpy as np

#: draws where a standard deviation is wanted and their number is not said
MC_SAMPLES = 100

DRAWS = """Draws of Monte-Carlo dropout: so many thinned networks predict, each with masks of its own
            that are the same for all rows."""


class MonteCarlo:
    """Moments of an estimator's predictions over dropout masks.

    Draw k has masks of its own, hashes of the seed of the fit, of k, the layer and the element. They
    are those of a network and not of a row: a row gets the same numbers whatever rows stand beside it.
    """

    def _moments_over_draws(self, X, mc_samples, least=1):
        """(mean, standard deviation) of the link's outputs; float64 (n, n_outputs).

        Welford's recurrence, draw by draw: nothing but one draw is ever in memory.
        """
        if (
            not isinstance(mc_samples, Integral)
            or isinstance(mc_samples, bool)
            or mc_samples < least
        ):
            raise ValueError(f"mc_samples={mc_samples!r} must be an integer >= {least}.")

        draws = int(mc_samples)

        def moments(rows):
            self._check_dropout()
            mean = squares = np.zeros(1)
            for k in range(draws):
                values, finite = self._forward(rows, link=True, draw=(self._optimizer.seed, k))
                values = values.astype(np.float64, copy=False)
                change = values - mean
                mean = mean + change / (k + 1)
                squares = squares + change * (values - mean)
            return (mean, np.sqrt(squares / draws)), finite

        return self._checked(X, moments)

    def _check_dropout(self):
        """Raise where all draws would be the same."""
        network, _ = self._program(False, self._fitted_dtype())
        if not network.has_dropout:
            raise ValueError(
                "Monte-Carlo dropout needs a network with dropout, all draws would be the same; fit with "
                "dropout > 0 (or layers with Dropout or SpatialDropout), or leave out return_std and "
                "mc_samples."
            )
