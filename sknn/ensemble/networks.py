"""The networks of the members of an ensemble on tabular data."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from sknn._types import ActivationName, Parametrization
from sknn.ensemble import monotonic
from sknn.inputs.table.encoder import TableEncoder
from sknn.layers import (
    Activation,
    CategoryEmbedding,
    Columns,
    Dense,
    Dropout,
    ParametricActivation,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Scale,
)
from sknn.network import Network

#: learning rate of dense layers with the standard parametrization: 1 / √n_in of the NTK's where n_in is 256
STANDARD_RATE = 1 / 16


@dataclass(frozen=True)
class Architecture:
    """The layers of a member: RealMLP's.

    Parameters
    ----------
    sizes : tuple of int
        Units of each hidden layer.
    activation : str
    embedding : {"periodic", "piecewise_linear"} or None
    sigma : float or None
        Standard deviation of the frequencies of a periodic embedding, None without one.
    thresholds : bool
        Whether the network takes the threshold features, too.
    category_dim : int
    scaling_layer, parametric : bool
    parametrization : {"ntk", "standard"}
    dropout : float
    n_outputs : int
    monotonic_cst : tuple of int
        Sign of each feature with which the outputs must rise or fall, 0 for the others; empty: nothing is asked.
    """

    sizes: tuple[int, ...]
    activation: ActivationName
    embedding: str | None
    sigma: float | None
    thresholds: bool
    category_dim: int
    scaling_layer: bool
    parametric: bool
    parametrization: Parametrization
    dropout: float
    n_outputs: int
    monotonic_cst: tuple[int, ...] = ()

    def network(self, encoder: TableEncoder, dtype):
        """The network for encoded samples."""
        width = encoder.width if self.thresholds else encoder.width_without_thresholds
        return Network(self.layers(encoder), width, dtype)

    def layers(self, encoder: TableEncoder):
        """The layers for encoded samples."""
        layers, signs = self._embeddings(encoder)
        if self.scaling_layer:
            layers.append(monotonic.bounded_scale(Scale(lr_multiplier=6), signs))
        for units in self.sizes:
            of_units = monotonic.unit_signs(units, signs)
            layers += [
                monotonic.bounded_dense(self._dense(units), signs, of_units),
                self._activation(of_units),
                Dropout(self.dropout),
            ]
            signs = of_units
        of_outputs = np.ones(self.n_outputs)
        return [*layers, monotonic.bounded_dense(self._dense(self.n_outputs), signs, of_outputs)]

    def _dense(self, units):
        """A dense layer with the learning rates of its parametrization."""
        rate = 1.0 if self.parametrization == "ntk" else STANDARD_RATE
        rates = {"lr_multiplier": rate, "bias_lr_multiplier": 0.1}
        return Dense(units, "identity", self.parametrization, **rates)

    def _activation(self, signs):
        """The activation of units of these signs."""
        if not self.parametric:
            return Activation(self.activation)
        layer = ParametricActivation(self.activation, lr_multiplier=0.1)
        return monotonic.bounded_activation(layer, signs)

    def _embeddings(self, encoder):
        """(layers, signs of their outputs): side by side for the parts of a sample, none where all pass."""
        signs = encoder.of_numbers(self.monotonic_cst)
        vectors = CategoryEmbedding(encoder.cardinalities, self.category_dim)
        n_thresholds = encoder.n_thresholds if self.thresholds else 0
        passed = np.zeros(encoder.n_passed)
        codes = np.zeros(len(encoder.cardinalities) * self.category_dim)
        parts = [
            *self._embedded_numbers(encoder, signs[: encoder.n_numbers]),
            (None, encoder.n_passed, passed),
            (vectors, len(encoder.cardinalities), codes),
            (None, n_thresholds, signs[len(signs) - encoder.n_thresholds :][:n_thresholds]),
        ]
        layers, widths, signs = zip(*(part for part in parts if part[1]), strict=True)
        columns = [Columns(list(layers), list(widths))] if any(layers) else []
        return columns, np.concatenate(signs)

    def _embedded_numbers(self, encoder, signs):
        """(layer or None, width, signs of its outputs) of numerical features that follow one another."""
        end = 0
        for constrained, run in groupby(signs, bool):
            start, end = end, end + len(list(run))
            layer = self._embedding_of(encoder, slice(start, end), constrained)
            width = end - start
            n_copies = 1 if layer is None else layer.output_shape((width,))[0] // width
            yield layer, width, np.tile(signs[start:end], n_copies)

    def _embedding_of(self, encoder, some, constrained):
        """The embedding of some numerical features; None: they pass."""
        if self.embedding is None:
            return None
        if self.sigma is not None and not constrained:
            return PeriodicEmbedding(sigma=self.sigma, lr_multiplier=0.1)
        layer = PiecewiseLinearEmbedding(encoder.edges[:, some], lr_multiplier=0.1)
        return monotonic.bounded_embedding(layer) if constrained else layer
