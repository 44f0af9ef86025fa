"""The plan of a network: ops, buffers and parameters for the engine.

Layers add ops to a :class:`Plan`, in the order of the forward pass. An op reads one buffer and writes
another. Buffers, parameters and tables of constants are referred to by index. The engine's ``Program``
reads the fields of these objects and validates every number.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Shape parameters of an op on images (n, h, w, c) or on columns.

    A window (kh, kw) moves over (h, w) with strides (sh, sw) and gives (oh, ow, oc).
    """

    h: int = 1
    w: int = 1
    c: int
    oh: int = 1
    ow: int = 1
    oc: int
    kh: int = 1
    kw: int = 1
    sh: int = 1
    sw: int = 1
    #: dilation
    dh: int = 1
    dw: int = 1
    #: padding at the top and on the left
    top: int = 0
    left: int = 0
    #: padding at the bottom and on the right (pools)
    bottom: int = 0
    right: int = 0
    groups: int = 1
    #: size of the image without padding (convolutions)
    ih: int = 1
    iw: int = 1
    #: first column of the source and of the target (ops on columns)
    first: int = 0
    to: int = 0

    @property
    def windows_are_apart(self):
        """Whether windows neither overlap nor leave pixels between them, without padding before the first."""
        return (self.sh, self.sw, self.top, self.left) == (self.kh, self.kw, 0, 0)

    @classmethod
    def of_images(cls, shape, output_shape, **options):
        """From one shape (h, w, c) to another."""
        (h, w, c), (oh, ow, oc) = shape, output_shape
        return cls(h=h, w=w, c=c, oh=oh, ow=ow, oc=oc, **options)

    @classmethod
    def of_channels(cls, shape):
        """For an op that keeps the shape, (h, w, c) or (n,)."""
        shape = shape if len(shape) == 3 else (1, 1, *shape)
        return cls.of_images(shape, shape)

    @classmethod
    def of_columns(cls, n_in, n_out, first=0, to=0):
        """From n_in columns, `first` being the first, to n_out columns from `to` on."""
        return cls(c=n_in, oc=n_out, first=first, to=to)


@dataclass(frozen=True, kw_only=True)
class Op:
    """One step of the forward pass. Which fields are used depends on the kind, see ``engine/ops``."""

    kind: str
    #: buffers
    source: int
    target: int
    #: the second term of "add", the sum after a "fork", or the winners of "max_pool"
    other: int = -1
    #: index of its parameter
    parameter: int = 0
    geometry: Geometry | None = None
    activation: str = "identity"
    #: parameter of the activation
    alpha: float = 0.0
    #: for "periodic"
    n_frequencies: int = 0
    #: index of the constants of "piecewise"
    table: int = 0
    #: dropout rate and index of the mask
    drop_rate: float = 0.0
    mask: int = 0
    #: whether the mean of "avg_pool" includes the padding
    counts_padding: bool = False
    #: for normalization
    epsilon: float = 0.0
    #: for running statistics
    momentum: float = 0.0


@dataclass(frozen=True)
class Buffer:
    """Values between two ops, of each sample."""

    width: int
    #: index of the gradient buffer, possibly shared; −1: no gradient
    gradient: int


@dataclass(frozen=True)
class Parameter:
    """Weights and biases of one op."""

    #: shape of the weights; the last axis is that of the biases
    shape: tuple[int, ...]
    needs_input_gradient: bool
    #: spatial positions at which the weights are applied
    positions: int
    activation: str
    #: initializer, or its name
    rule: str | Callable
    decays: bool = True
    trained: bool = True
    biased: bool = True
    #: learning-rate multipliers of weights and biases; decoupled weight decay does not use them
    rate_factor: float = 1.0
    bias_rate_factor: float = 1.0
    #: multiplier of decoupled weight decay
    decay_factor: float = 1.0
    #: (lower, upper) of the weights in training, broadcast to their shape; None: free
    bounds: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def n_in(self):
        """Inputs of each output."""
        return prod(self.shape[:-1])

    @property
    def n_out(self):
        """Number of outputs."""
        return self.shape[-1]

    @property
    def size(self):
        """Number of trained weights and biases."""
        return self.trained * self.n_in * self.n_out + self.biased * self.n_out

    @property
    def multiply_adds(self):
        """Multiply-adds per sample, forward."""
        return self.n_in * self.n_out * self.positions


@dataclass
class Plan:
    """Buffers, parameters and ops of a network.

    Buffers share a gradient if they are stages of an elementwise chain, or an image with and without
    padding.

    Parameters
    ----------
    sparse : bool, default=False
        Whether the input is in CSR format.
    activation : str, default="relu"
        What a layer's ``activation=None`` means.
    """

    sparse: bool = False
    activation: str = "relu"
    buffers: list[Buffer] = field(default_factory=list)
    #: (h, w, c) or (n,) of each buffer
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    #: constants of ops
    tables: list[np.ndarray] = field(default_factory=list)
    n_gradients: int = 0
    #: number of added ops, including merged ones; it numbers the dropout masks
    n_added: int = 0

    def new_buffer(self, shape, gradient=True):
        """Add a buffer, with its own gradient or none."""
        return self._append(shape, self.n_gradients if gradient else -1, gradient)

    def new_buffer_like(self, source):
        """Add a buffer of the same shape that shares the gradient of `source`."""
        return self.new_view(source, self.shapes[source])

    def new_stage(self, source):
        """The same, but with its own gradient if `source` has none."""
        if self.has_gradient(source):
            return self.new_buffer_like(source)
        return self.new_buffer(self.shapes[source])

    def new_view(self, source, shape):
        """Add a buffer of another shape that shares the gradient of `source`."""
        return self._append(shape, self.buffers[source].gradient, False)

    def _append(self, shape, gradient, new_gradient):
        self.buffers.append(Buffer(prod(shape), gradient))
        self.shapes.append(tuple(shape))
        self.n_gradients += new_gradient
        return len(self.buffers) - 1

    def has_gradient(self, buffer):
        """Whether the gradient of the buffer is needed."""
        return self.buffers[buffer].gradient >= 0

    def new_parameter(self, source, shape, *, rule, activation="identity", positions=1, **options):
        """Add weights of this shape, and biases for its last axis, for an op that reads `source`.

        `options` are further fields of :class:`Parameter`.
        """
        wanted = self.has_gradient(source)
        self.parameters.append(Parameter(shape, wanted, positions, activation, rule, **options))
        return len(self.parameters) - 1

    def new_table(self, values):
        """Add constants of an op; returns their index."""
        self.tables.append(np.ascontiguousarray(values, np.float64))
        return len(self.tables) - 1

    def add(self, kind, source, target, **options):
        """Append an :class:`Op`; returns its index. A dense op on a sparse input is merged with input dropout."""
        op = Op(kind=kind, source=source, target=target, mask=self.n_added, **options)
        self.n_added += 1
        if self.sparse and kind == "dense" and source <= 1 and not self.has_gradient(source):
            op = replace(op, kind="dense_csr", source=0)
            if self.ops:  # input dropout, applied only to the stored values
                dropout = self.ops.pop()
                op = replace(op, drop_rate=dropout.drop_rate, mask=dropout.mask)
        self.ops.append(op)
        return len(self.ops) - 1

    def in_training(self):
        """(ops, buffers) with max pooling before ReLU and batch norms: the same values from less work.

        The buffer between them holds other values then. A batch norm still takes the moments of what enters the
        pooling.
        """
        ops, buffers = list(self.ops), list(self.buffers)

        def exchange(i, pool, other):
            between = pool.source
            buffers[between] = buffers[pool.target]
            ops[i] = replace(pool, source=other.source, target=between)
            ops[i + 1] = replace(other, source=between, target=pool.target)

        def pooled(kind):
            for i, (first, second) in enumerate(pairwise(tuple(ops))):
                pools = second.kind == "max_pool" and second.source == first.target
                if pools and first.kind == kind:
                    yield i, first, second

        for i, activation, pool in pooled("activation"):
            if activation.activation == "relu":
                exchange(i, pool, activation)
        for i, norm, pool in pooled("batch_norm"):
            windows = pool.geometry
            if windows and windows.windows_are_apart:
                ahead = replace(pool, kind="max_pool_ahead", parameter=norm.parameter)
                exchange(i, ahead, replace(norm, geometry=windows))
        return ops, buffers

    def join(self, fork, target):
        """Set the sum at the end of a fork's branch."""
        self.ops[fork] = replace(self.ops[fork], other=target)
