"""The networks that the parameters of an estimator of tables mean, and how they are trained."""

from sknn.estimators import _architecture
from sknn.estimators._efforts import batch_size
from sknn.estimators._members import Recipe
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
from sknn.optimizers import AdamW
from sknn.schedules import SCHEDULES, Adaptive, FlatCosine

#: rate of dense layers with the standard parametrisation: 1 / √n_in of the NTK's where n_in is 256
STANDARD_RATE = 1 / 16


class TableNetworks:
    """Layers, networks and the recipe of an estimator of tables."""

    def _layers(self, effort, steps=False):
        """The layers that the parameters mean; with steps, for whole encoded rows."""
        sizes = self.hidden_layer_sizes
        if isinstance(sizes, str) and sizes == "auto":
            sizes = (effort.units,) * effort.n_layers
        sizes = _architecture.parse_hidden_layer_sizes(sizes)
        name = self._activation if self.activation == "auto" else self.activation
        activation = (
            ParametricActivation(name, lr_multiplier=0.1)
            if self.parametric_activation
            else Activation(name)
        )
        layers = self._embeddings(self._encoder.n_steps if steps else 0)
        if self.scaling_layer:
            layers.append(Scale(lr_multiplier=6))
        for units in sizes:
            layers += [self._dense(units), activation, Dropout(self.dropout)]
        return [*layers, self._dense(self.n_outputs_)]

    def _dense(self, units):
        """A dense layer with the rates of its parametrisation."""
        rate = 1.0 if self.parametrization == "ntk" else STANDARD_RATE
        return Dense(
            units, "identity", self.parametrization, lr_multiplier=rate, bias_lr_multiplier=0.1
        )

    def _embeddings(self, n_steps):
        """The first layer, side by side for the parts of an encoded row; none where all pass."""
        encoder = self._encoder
        numbers = None
        if self._embedding == "periodic":
            numbers = PeriodicEmbedding(lr_multiplier=0.1)
        elif self._embedding == "piecewise_linear" and encoder.n_numbers:
            numbers = PiecewiseLinearEmbedding(encoder.edges, lr_multiplier=0.1)
        vectors = CategoryEmbedding(encoder.cardinalities, self.category_embedding)
        widths = encoder.n_numbers, encoder.n_passed, len(encoder.cardinalities), n_steps
        parts = [p for p in zip((numbers, None, vectors, None), widths, strict=True) if p[1]]
        if not any(layer for layer, _ in parts):
            return []
        layers, widths = zip(*parts, strict=True)
        return [Columns(list(layers), list(widths))]

    def _networks(self, dtype):
        """A network of each kind: without steps and, where there are any, with them."""
        widths = self._encoder.width_without_steps, self._encoder.width
        return [
            Network(layers, width, dtype)
            for layers, width in zip(self._layers_, widths, strict=False)
        ]

    def _recipe(self, networks, n_samples, n_threads, deadline, fitted):
        """How every member is trained; `fitted` gives attributes of an estimator with one of them."""
        auto = batch_size(n_samples)
        rate = self.learning_rate_init
        return Recipe(
            networks,
            self._loss(),
            self._validation_loss(),
            AdamW(beta_2=self.beta_2, weight_decay=self.weight_decay),
            self._schedule(),
            fitted,
            self._learning_rate if rate == "auto" else rate,
            auto if self.batch_size == "auto" else int(self.batch_size),
            data_driven=self.data_driven_init,
            groups=self._encoder.groups,
            n_threads=max(n_threads, 1),
            verbose=bool(self.verbose),
            decay=FlatCosine() if self.anneal_regularization else None,
            dropout=FlatCosine() if self.anneal_regularization else None,
            deadline=deadline,
        )

    def _schedule(self):
        """The schedule that `learning_rate` means."""
        schedule = self.learning_rate
        if isinstance(schedule, str):
            schedule = SCHEDULES[schedule]()
        schedule.validate()
        if isinstance(schedule, Adaptive):
            raise ValueError(
                f"learning_rate={self.learning_rate!r} waits for progress to stop, but all epochs of a member "
                "are run; take 'coslog', 'cosine' or another schedule."
            )
        return schedule
