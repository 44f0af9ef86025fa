"""The reference implementation of any network: the layers as they are given to sknn, run in numpy."""

import re

import numpy as np

from tests import reference
from tests import reference_layers as layers
from tests import reference_transpose as conv_transpose


class Pass:
    """One pass through a network: what its layers take, and what they leave behind.

    Parameters
    ----------
    weights : (coefs, intercepts)
    activation : str
        Of layers that name none.
    training : bool
        Moments of the batch, and masks; without it running moments, and none.
    statistics : (means, variances)
        Running moments of every batch normalization.
    mask_key : (seed, epoch, samples, salts)
        Of the dropout masks; a salt for each dropout layer whose rate is not zero.
    sample_weight : ndarray or None
        Weights of the samples in the moments of a batch.
    """

    def __init__(
        self,
        weights,
        activation="relu",
        *,
        training=False,
        statistics=((), ()),
        mask_key=(0, 0, (), ()),
        sample_weight=None,
    ):
        self.weights = [[np.asarray(array, float) for array in part] for part in weights]
        self.parameters = enumerate(zip(*self.weights, strict=True))
        self.statistics = zip(*statistics, strict=True)
        self.activation, self.training, self.sample_weight = activation, training, sample_weight
        self.samples_key, self.salts = mask_key[:-1], iter(mask_key[-1])
        #: gradients by number of the parameter, filled by the backward pass
        self.gradients = {}
        #: (mean, variance, number of values) of every batch normalisation in training
        self.moments = []

    def run(self, specs, x, outputs=None):
        """Output of a list of layers, and its backward function; each output is noted down."""
        backwards = []
        for spec in specs:
            x, backward = layer_of(spec)(self, spec, x)
            backwards.append(backward)
            if outputs is not None:
                outputs.append(x)

        def backward(dout):
            for one in reversed(backwards):
                dout = one(dout)
            return dout

        return x, backward

    def weighted(self, function, x, *args, **options):
        """A layer with weights: their gradients are kept under its number."""
        number, parameters = next(self.parameters)
        y, inner, *moments = function(x, *parameters, *args, **options)
        self.moments += moments

        def backward(dout):
            dx, *self.gradients[number] = inner(dout)
            return dx

        return y, backward

    def activated(self, spec, y, inner):
        """The activation that is part of a dense or a convolutional layer."""
        name = self.activation if spec.activation is None else spec.activation
        y, outer = layers.activation(y, name)
        return y, lambda dout: inner(outer(dout))

    def masked(self, spec, x, mask):
        """A dropout layer; one of rate zero is none, and has no salt."""
        if not self.training or spec.rate == 0:
            return x, lambda dout: dout
        return layers.masked(x, mask(x.shape, spec.rate, *self.samples_key, next(self.salts)))


def dense(walk, spec, x):
    return walk.activated(spec, *walk.weighted(layers.dense, x))


def conv2d(walk, spec, x):
    options = ("strides", "padding", "dilation", "groups", "bias")
    options = {name: getattr(spec, name) for name in options}
    return walk.activated(spec, *walk.weighted(layers.conv2d, x, **options))


def conv_transpose2d(walk, spec, x):
    options = ("strides", "padding", "output_padding", "groups", "bias")
    options = {name: getattr(spec, name) for name in options}
    return walk.activated(spec, *walk.weighted(conv_transpose.conv_transpose2d, x, **options))


def batch_norm(walk, spec, x):
    if walk.training:
        return walk.weighted(layers.batch_norm, x, spec.epsilon, walk.sample_weight, spec.scale)
    _, parameters = next(walk.parameters)
    return layers.fixed_norm(x, *parameters, *next(walk.statistics), spec.epsilon), None


def category_embedding(walk, spec, x):
    parts = [walk.weighted(layers.embedding, column) for column in x.T]
    return layers.side_by_side([(y, lambda d, one=one: one(d)[:, None]) for y, one in parts])


def columns(walk, spec, x):
    parts = []
    for layer, part in zip(
        spec.layers, np.split(x, np.cumsum(spec.widths)[:-1], axis=1), strict=True
    ):
        parts.append(walk.run([] if layer is None else [layer], part))
    return layers.side_by_side(parts)


def layer_of(spec):
    """What runs a layer: a row of `LAYERS`; for others the function of that name, of their parameters alone."""
    name = type(spec).__name__
    if name in LAYERS:
        return LAYERS[name]
    function = getattr(layers, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return lambda walk, spec, x: function(x, **spec.get_params())


#: layers that have weights or masks, or hold other layers
LAYERS = {
    "Dense": dense,
    "Conv2D": conv2d,
    "ConvTranspose2D": conv_transpose2d,
    "BatchNorm": batch_norm,
    "LayerNorm": lambda walk, spec, x: walk.weighted(layers.layer_norm, x, spec.epsilon),
    "GroupNorm": lambda walk, spec, x: walk.weighted(
        layers.group_norm, x, spec.groups, spec.epsilon
    ),
    "Scale": lambda walk, spec, x: walk.weighted(layers.scale, x, spec.lr_multiplier > 0),
    "ParametricActivation": lambda walk, spec, x: walk.weighted(layers.parametric, x, spec.name),
    "PeriodicEmbedding": lambda walk, spec, x: walk.weighted(
        layers.periodic, x, spec.n_frequencies, spec.n_outputs
    ),
    "PiecewiseLinearEmbedding": lambda walk, spec, x: walk.weighted(
        layers.piecewise, x, spec.edges, spec.n_outputs
    ),
    "CategoryEmbedding": category_embedding,
    "Columns": columns,
    "Dropout": lambda walk, spec, x: walk.masked(spec, x, layers.dropout_mask),
    "SpatialDropout": lambda walk, spec, x: walk.masked(spec, x, layers.spatial_dropout_mask),
    "Transposed": lambda walk, spec, x: layers.transposed(x, lambda x: walk.run(spec.layers, x)),
    "Residual": lambda walk, spec, x: layers.residual(x, lambda x: walk.run(spec.layers, x)),
}


def forward(specs, weights, X, **options):
    """Outputs of all layers of the list; the last are the logits."""
    outputs = []
    Pass(weights, **options).run(specs, np.asarray(X, float), outputs)
    return outputs


def penalty(coefs, decayed):
    """Half the squared length of what decays: kernels and matrices that are trained, no factors of a norm."""
    return sum((W * W).sum() for W, decays in zip(coefs, decayed, strict=True) if decays) / 2


def loss_and_gradient(
    specs, weights, X, y, loss, *, sample_weight=None, alpha=0.0, decayed=None, **options
):
    """Loss and gradient as in `reference`, and the moments of every batch normalization.

    `decayed` says of each array of weights whether it is penalized.
    """
    sample_weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    total = sample_weight.sum()
    walk = Pass(weights, training=True, sample_weight=sample_weight, **options)
    z, backward = walk.run(specs, np.asarray(X, float))
    values, dz = reference.loss_rows(loss, z, y)
    backward(dz * (sample_weight / total)[:, None])
    gradients = [walk.gradients[number] for number in range(len(walk.weights[0]))]
    dcoefs, dintercepts = map(list, zip(*gradients, strict=True))
    decayed = [W.ndim > 1 for W in walk.weights[0]] if decayed is None else decayed
    for i, W in enumerate(walk.weights[0]):
        if decayed[i]:
            dcoefs[i] = dcoefs[i] + alpha / total * W
    value = ((sample_weight * values).sum() + alpha * penalty(walk.weights[0], decayed)) / total
    return value, (dcoefs, dintercepts), walk.moments
