"""The plan of a network: what the engine is told, as typed parts.

Layers add ops to a :class:`Plan`, in the order of the forward pass. An op reads a buffer and writes
another one; buffers, weights and tables of constants are numbered. The engine's ``Program`` reads these
objects by the names of their fields and checks every number.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """What an op does with images (n, h, w, c), or with some columns of a row.

    A window (kh, kw) moves over (h, w) in strides (sh, sw) and gives (oh, ow, oc). All are counts of values.
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
    #: padding before the first row and column
    top: int = 0
    left: int = 0
    #: and after the last ones, of a pool
    bottom: int = 0
    right: int = 0
    groups: int = 1
    #: size of the image without its padding, of a convolution
    ih: int = 1
    iw: int = 1
    #: first column that is read, and the first that is written, of an op on columns
    first: int = 0
    to: int = 0

    @classmethod
    def of_images(cls, shape, output_shape, **options):
        """From one shape (h, w, c) to another."""
        (h, w, c), (oh, ow, oc) = shape, output_shape
        return cls(h=h, w=w, c=c, oh=oh, ow=ow, oc=oc, **options)

    @classmethod
    def of_channels(cls, shape):
        """Of an op that leaves the shape, (h, w, c) or (n,), as it is."""
        shape = shape if len(shape) == 3 else (1, 1, *shape)
        return cls.of_images(shape, shape)

    @classmethod
    def of_columns(cls, n_in, n_out, first=0, to=0):
        """Of an op on n_in columns of a row from `first` on, which makes n_out columns from `to` on."""
        return cls(c=n_in, oc=n_out, first=first, to=to)


@dataclass(frozen=True, kw_only=True)
class Op:
    """One step of the forward pass; which fields count depends on its kind, see ``engine/ops``."""

    kind: str
    #: buffers
    source: int
    target: int
    #: the second term of "add", the sum that a "fork" leads to, the winners of "max_pool"
    other: int = -1
    #: number of its weights
    parameter: int = 0
    geometry: Geometry | None = None
    activation: str = "identity"
    #: of an activation that has one
    alpha: float = 0.0
    #: of "periodic"
    n_frequencies: int = 0
    #: number of the constants of "piecewise"
    table: int = 0
    #: dropout rate, and the number of the mask
    drop_rate: float = 0.0
    mask: int = 0
    #: whether padding counts in the mean of "avg_pool"
    counts_padding: bool = False
    #: of normalizations
    epsilon: float = 0.0
    #: of running statistics
    momentum: float = 0.0


@dataclass(frozen=True)
class Buffer:
    """Values of one sample between two ops."""

    width: int
    #: number of the gradient buffer, which several may share; −1: nobody needs its gradient
    gradient: int


@dataclass(frozen=True)
class Parameter:
    """Weights and biases of one op."""

    #: of the weights; the last axis is that of the biases
    shape: tuple[int, ...]
    needs_input_gradient: bool
    #: places at which the weights are applied: pixels of the output
    places: int
    activation: str
    #: of initialisation: the name of one, or itself
    rule: str | Callable
    decays: bool = True
    trained: bool = True
    biased: bool = True
    #: of the learning rate, for the weights and for the biases; decoupled decay keeps the rate itself
    rate_factor: float = 1.0
    bias_rate_factor: float = 1.0
    #: of decoupled weight decay
    decay_factor: float = 1.0

    @property
    def n_in(self):
        """Inputs that one output sees."""
        return prod(self.shape[:-1])

    @property
    def n_out(self):
        """Outputs, each with a bias."""
        return self.shape[-1]

    @property
    def size(self):
        """Numbers that are trained."""
        return self.trained * self.n_in * self.n_out + self.biased * self.n_out

    @property
    def multiply_adds(self):
        """Of one sample, forward."""
        return self.n_in * self.n_out * self.places


@dataclass
class Plan:
    """Buffers, weights and ops of a network, each numbered in order.

    Buffers that share a gradient are stages of one elementwise chain, or an image with and without its
    padding.

    Parameters
    ----------
    sparse : bool, default=False
        Whether the input comes as CSR rows.
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
    #: ops that were added, the merged ones too: they number the masks of dropout
    n_added: int = 0

    def new_buffer(self, shape, gradient=True):
        """A buffer with a gradient of its own, or with none."""
        return self._append(shape, self.n_gradients if gradient else -1, gradient)

    def new_buffer_like(self, source):
        """A buffer of the same shape that shares the gradient of `source`."""
        return self.new_view(source, self.shapes[source])

    def new_stage(self, source):
        """The same, with a gradient of its own where `source` has none."""
        if self.has_gradient(source):
            return self.new_buffer_like(source)
        return self.new_buffer(self.shapes[source])

    def new_view(self, source, shape):
        """A buffer of another shape that shares the gradient of `source`."""
        return self._append(shape, self.buffers[source].gradient, False)

    def _append(self, shape, gradient, new_gradient):
        self.buffers.append(Buffer(prod(shape), gradient))
        self.shapes.append(tuple(shape))
        self.n_gradients += new_gradient
        return len(self.buffers) - 1

    def has_gradient(self, buffer):
        """Whether anything before it is trained."""
        return self.buffers[buffer].gradient >= 0

    def new_parameter(self, source, shape, *, rule, activation="identity", places=1, **options):
        """Weights of this shape, and biases for its last axis, of an op that reads `source`.

        `options` are those of :class:`Parameter`: whether they decay and are trained, rate factors.
        """
        wanted = self.has_gradient(source)
        self.parameters.append(Parameter(shape, wanted, places, activation, rule, **options))
        return len(self.parameters) - 1

    def new_table(self, values):
        """Constants of an op; returns their number."""
        self.tables.append(np.ascontiguousarray(values, np.float64))
        return len(self.tables) - 1

    def add(self, kind, source, target, **options):
        """Append an :class:`Op`, returns its number; a dense op on sparse rows takes the dropout before it along."""
        op = Op(kind=kind, source=source, target=target, mask=self.n_added, **options)
        self.n_added += 1
        if self.sparse and kind == "dense" and source <= 1 and not self.has_gradient(source):
            op = replace(op, kind="dense_csr", source=0)
            if self.ops:  # the input dropout: its mask is applied to the stored values only
                dropout = self.ops.pop()
                op = replace(op, drop_rate=dropout.drop_rate, mask=dropout.mask)
        self.ops.append(op)
        return len(self.ops) - 1

    def join(self, fork, target):
        """Tell a fork which sum its branch ends in."""
        self.ops[fork] = replace(self.ops[fork], other=target)
