"""The networks of the members of an ensemble on tabular data."""

from dataclasses import dataclass

from sknn._types import ActivationName, Parametrization
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

    def network(self, encoder: TableEncoder, dtype):
        """The network for encoded samples."""
        width = encoder.width if self.thresholds else encoder.width_without_thresholds
        return Network(self.layers(encoder), width, dtype)

    def layers(self, encoder: TableEncoder):
        """The layers for encoded samples."""
        activation = (
            ParametricActivation(self.activation, lr_multiplier=0.1)
            if self.parametric
            else Activation(self.activation)
        )
        layers: list = self._embeddings(encoder)
        if self.scaling_layer:
            layers.append(Scale(lr_multiplier=6))
        for units in self.sizes:
            layers += [self._dense(units), activation, Dropout(self.dropout)]
        return [*layers, self._dense(self.n_outputs)]

    def _dense(self, units):
        """A dense layer with the learning rates of its parametrization."""
        rate = 1.0 if self.parametrization == "ntk" else STANDARD_RATE
        rates = {"lr_multiplier": rate, "bias_lr_multiplier": 0.1}
        return Dense(units, "identity", self.parametrization, **rates)

    def _embeddings(self, encoder):
        """The first layer, side by side for the parts of an encoded sample; none where all pass."""
        numbers = None
        if self.sigma is not None:
            numbers = PeriodicEmbedding(sigma=self.sigma, lr_multiplier=0.1)
        elif self.embedding == "piecewise_linear" and encoder.n_numbers:
            numbers = PiecewiseLinearEmbedding(encoder.edges, lr_multiplier=0.1)
        vectors = CategoryEmbedding(encoder.cardinalities, self.category_dim)
        n_thresholds = encoder.n_thresholds if self.thresholds else 0
        widths = encoder.n_numbers, encoder.n_passed, len(encoder.cardinalities), n_thresholds
        parts = [p for p in zip((numbers, None, vectors, None), widths, strict=True) if p[1]]
        if not any(layer for layer, _ in parts):
            return []
        layers, widths = zip(*parts, strict=True)
        return [Columns(list(layers), list(widths))]
