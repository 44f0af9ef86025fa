"""PyTorch's modules from descriptions of sknn's layers. Runs where PyTorch is, without sknn.

A description is a list of ``[class name, {parameter: value}]``; parameters that are left out have
sknn's defaults. Images come in as (n, c, h, w), weights and gradients of sknn as (kh, kw, c_in /
groups, c_out) and (n_in, n_out).
"""

from functools import partial

import numpy as np
import torch
from table_modules import Category, Channels, Columns, Periodic, Piecewise
from torch import nn
from torch.nn import functional

ACTIVATIONS = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "gelu_tanh": partial(nn.GELU, approximate="tanh"),
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "logistic": nn.Sigmoid,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "selu": nn.SELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


class Pad(nn.Module):
    """A border of (left, right, top, bottom)."""

    def __init__(self, border, value=0.0):
        super().__init__()
        self.border, self.value = border, value

    def forward(self, x):
        return functional.pad(x, self.border, value=self.value)


class MeanInside(nn.Module):
    """Average pooling that divides by what lies inside of the image, or of the image and its border.

    `overhang` is the room for partial windows beyond that.
    """

    def __init__(self, kernel, strides, border, overhang, counts_border):
        super().__init__()
        self.pool, self.overhang = nn.AvgPool2d(kernel, strides), Pad(overhang)
        self.border, self.counted = Pad(border), Pad(border, float(counts_border))

    def forward(self, x):
        inside = self.pool(self.overhang(self.counted(torch.ones_like(x[:1, :1]))))
        return self.pool(self.overhang(self.border(x))) / inside


class Transpose(nn.Conv2d):
    """A transposed convolution whose weights are stored as those of a convolution by the flipped kernel."""

    def __init__(self, *sizes, strides, padding, output_padding, groups, bias):
        super().__init__(*sizes, groups=groups, bias=bias)
        self.options = {"stride": strides, "padding": padding, "output_padding": output_padding}

    def forward(self, x):
        n_out, n_in, *kernel = self.weight.shape
        parts = self.weight.view(self.groups, n_out // self.groups, n_in, *kernel).transpose(1, 2)
        kernels = parts.reshape(self.groups * n_in, -1, *kernel).flip(2, 3)
        return functional.conv_transpose2d(
            x, kernels, self.bias, groups=self.groups, **self.options
        )


class Reduce(nn.Module):
    """A whole image to one value for each channel."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x, dim=(2, 3))


class PixelNorm(nn.LayerNorm):
    """Each pixel over its channels."""

    def forward(self, x):
        if x.ndim == 2:
            return super().forward(x)
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Groups(nn.GroupNorm):
    """Pixels on one axis: some images (n, c, h, w) end the process in its backward pass (PyTorch 2.13)."""

    def forward(self, x):
        return super().forward(x.reshape(*x.shape[:2], -1).contiguous()).reshape(x.shape)


class Flatten(nn.Module):
    """To rows, in NHWC order or, where the order does not matter, in that of the memory."""

    def __init__(self, nhwc):
        super().__init__()
        self.nhwc = nhwc

    def forward(self, x):
        return (x.permute(0, 2, 3, 1) if self.nhwc and x.ndim == 4 else x).flatten(1)


class Transposed(nn.Module):
    """f of places in the place of channels, turned back."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return (
            self.f(x.flatten(2).transpose(1, 2)[:, :, None])[:, :, 0].transpose(1, 2).view(x.shape)
        )


class Perceptron(nn.Sequential):
    """Two dense layers on the last axis."""

    def __init__(self, n_in, hidden):
        super().__init__(nn.Linear(n_in, hidden), nn.GELU(), nn.Linear(hidden, n_in))


class MixerBlock(nn.Module):
    """Two residual MLPs on (n, tokens, c): along the tokens, and along the channels."""

    def __init__(self, n_tokens, c, tokens, channels):
        super().__init__()
        self.token_norm, self.token_mlp = nn.LayerNorm(c), Perceptron(n_tokens, tokens)
        self.channel_norm, self.channel_mlp = nn.LayerNorm(c), Perceptron(c, channels)

    def forward(self, x):
        x = x + self.token_mlp(self.token_norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel_mlp(self.channel_norm(x))


class Mixer(nn.Module):
    """From an image whose pixels are tokens to the mean of what some blocks make of them."""

    def __init__(self, n_tokens, c, n_blocks, **sizes):
        super().__init__()
        self.blocks = nn.Sequential(*(MixerBlock(n_tokens, c, **sizes) for _ in range(n_blocks)))
        self.norm = nn.LayerNorm(c)

    def forward(self, x):
        return self.norm(self.blocks(x.flatten(2).transpose(1, 2))).mean(dim=1)


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return x + self.f(x)


WEIGHTED = (
    *(nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm),
    *(Channels, Periodic, Piecewise, Category),
)


def pair(value):
    """The same along both axes, unless there is one for each."""
    return (value, value) if isinstance(value, int) else tuple(value)


class Builder:
    """Appends module after module, and knows the shape that the last of them gives."""

    def __init__(self, shape, activation, nhwc):
        self.shape, self.activation, self.nhwc = tuple(shape), activation, nhwc

    def sequence(self, layers):
        """The modules of a description, as one."""
        modules = []
        for name, parameters in layers:
            modules += getattr(self, name)(**parameters)
        return nn.Sequential(*modules)

    def _slide(self, kernel, strides, padding, dilation=(1, 1), ceil_mode=False):
        """The border that a padding means, and the room for partial windows, as Pad takes them.

        The image shrinks to what is left.
        """
        border, overhang, sizes = [], [], []
        paddings = (padding, padding) if isinstance(padding, str) else pair(padding)
        for size, k, s, d, p in zip(self.shape, kernel, strides, dilation, paddings, strict=False):
            reach = d * (k - 1) + 1
            before, after = (0, 0) if isinstance(p, str) else pair(p)
            if p == "same":
                missing = max((-(-size // s) - 1) * s + reach - size, 0)
                before, after = missing // 2, missing - missing // 2
            border = [before, after, *border]
            n = (size + before + after - reach) // s + 1
            if ceil_mode and (n - 1) * s + reach < size + before + after and n * s < size + before:
                n += 1
            overhang = [0, max((n - 1) * s + reach - size - before - after, 0), *overhang]
            sizes.append(n)
        self.shape = (*sizes, self.shape[2])
        return border, overhang

    def _activate(self, name):
        name = name or self.activation
        return [] if name == "identity" else [ACTIVATIONS[name]()]

    def Conv2D(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation=1,
        groups=1,
        bias=True,
        activation=None,
        trainable=True,
        init="he",
    ):
        kernel, strides, dilation = map(pair, (kernel_size, strides, dilation))
        (left, right, top, bottom), _ = self._slide(kernel, strides, padding, dilation)
        even = left == right and top == bottom
        conv = nn.Conv2d(
            self.shape[2],
            filters,
            kernel,
            strides,
            (top, left) if even else 0,
            dilation,
            groups,
            bias,
        )
        conv.weight.requires_grad_(trainable)
        self.shape = (*self.shape[:2], filters)
        pad = [] if even else [Pad((left, right, top, bottom))]
        return [*pad, conv, *self._activate(activation)]

    def ConvTranspose2D(
        self,
        filters,
        kernel_size,
        strides=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        activation=None,
        trainable=True,
    ):
        (h, w, c), kernel = self.shape, pair(kernel_size)
        strides, padding, more = map(pair, (strides, padding, output_padding))
        options = {"strides": strides, "padding": padding, "output_padding": more}
        conv = Transpose(c, filters, kernel, groups=groups, bias=bias, **options)
        conv.weight.requires_grad_(trainable)
        axes = zip((h, w), kernel, strides, padding, more, strict=True)
        self.shape = (*((n - 1) * s + k - 2 * p + e for n, k, s, p, e in axes), filters)
        return [conv, *self._activate(activation)]

    def MaxPool2D(self, pool_size=2, strides=None, padding="valid", ceil_mode=False):
        kernel, strides = pair(pool_size), pair(pool_size if strides is None else strides)
        border, overhang = self._slide(kernel, strides, padding, ceil_mode=ceil_mode)
        around = [Pad(edges, -torch.inf) for edges in (border, overhang) if any(edges)]
        return [*around, nn.MaxPool2d(kernel, strides)]

    def AvgPool2D(
        self, pool_size=2, strides=None, padding="valid", ceil_mode=False, count_include_pad=False
    ):
        kernel, strides = pair(pool_size), pair(pool_size if strides is None else strides)
        border, overhang = self._slide(kernel, strides, padding, ceil_mode=ceil_mode)
        if not any((*border, *overhang)):
            return [nn.AvgPool2d(kernel, strides)]
        return [MeanInside(kernel, strides, border, overhang, count_include_pad)]

    def GlobalMaxPool2D(self):
        self.shape = self.shape[2:]
        return [Reduce(torch.amax)]

    def GlobalAvgPool2D(self):
        self.shape = self.shape[2:]
        return [Reduce(torch.mean)]

    def Flatten(self):
        self.shape = (int(np.prod(self.shape)),)
        return [Flatten(self.nhwc)]

    def Dense(self, units, activation=None, **training):
        flatten = self.Flatten() if len(self.shape) > 1 else []
        n_in, self.shape = self.shape[0], (units,)
        return [*flatten, nn.Linear(n_in, units), *self._activate(activation)]

    def Activation(self, name, alpha=None):
        return self._activate(name) if alpha is None else [ACTIVATIONS[name](alpha)]

    def BatchNorm(self, momentum=0.1, epsilon=1e-5, scale=True, bias_lr_multiplier=1.0):
        kind = nn.BatchNorm2d if len(self.shape) > 1 else nn.BatchNorm1d
        norm = kind(self.shape[-1], epsilon, momentum)
        norm.weight.requires_grad_(scale)
        return [norm]

    def LayerNorm(self, epsilon=1e-5):
        return [PixelNorm(self.shape[-1], epsilon)]

    def GroupNorm(self, groups, epsilon=1e-5):
        return [Groups(groups, self.shape[-1], epsilon)]

    def Scale(self, lr_multiplier=1.0, initial=1.0):
        channels = Channels(self.shape[-1])
        channels.weight.requires_grad_(lr_multiplier > 0)
        return [channels]

    def ParametricActivation(self, name, lr_multiplier=1.0):
        return [Channels(self.shape[-1], ACTIVATIONS[name]())]

    def PeriodicEmbedding(self, n_frequencies=16, n_outputs=3, sigma=0.1, lr_multiplier=1.0):
        (n_in,) = self.shape
        self.shape = (n_in * (1 + n_outputs),)
        return [Periodic(n_in, n_frequencies, n_outputs)]

    def PiecewiseLinearEmbedding(self, edges, n_outputs=3, lr_multiplier=1.0):
        (n_in,) = self.shape
        self.shape = (n_in * (1 + n_outputs),)
        return [Piecewise(edges, n_outputs)]

    def CategoryEmbedding(self, cardinalities, dim=8, lr_multiplier=1.0):
        self.shape = (len(cardinalities) * dim,)
        return [Columns([Category(n, dim) for n in cardinalities], [1] * len(cardinalities))]

    def Columns(self, layers, widths):
        parts, width = [], 0
        for layer, columns in zip(layers, widths, strict=True):
            self.shape = (columns,)
            parts.append(self.sequence([layer] if layer else []))
            width += self.shape[0]
        self.shape = (width,)
        return [Columns(parts, widths)]

    def Dropout(self, rate):
        return [nn.Dropout(rate)]

    def SpatialDropout(self, rate):
        return [nn.Dropout2d(rate)]

    def Mixer(self, n_blocks, tokens, channels):
        h, w, c = self.shape
        self.shape = (c,)
        return [Mixer(h * w, c, n_blocks, tokens=tokens, channels=channels)]

    def Transposed(self, layers):
        shape = self.shape
        self.shape = (1, shape[2], shape[0] * shape[1])
        modules = [Transposed(self.sequence(layers))]
        self.shape = shape
        return modules

    def Residual(self, layers):
        return [Residual(self.sequence(layers))]


def build(layers, shape, activation="relu", nhwc=True):
    """A network of described layers for images of shape (h, w, c), or rows of shape (n,)."""
    return Builder(shape, activation, nhwc).sequence(layers)


def weighted(model):
    """Modules with weights, in order."""
    return [module for module in model.modules() if isinstance(module, WEIGHTED)]


def to_torch(module, coef):
    """Weights of sknn's shape as the module has them."""
    if isinstance(module, nn.Conv2d):
        return coef.permute(3, 2, 0, 1)
    return coef.flatten(0, -2).T if isinstance(module, nn.Linear) else coef


def from_torch(module, weight):
    """The way back, which serves gradients too."""
    if isinstance(module, nn.Conv2d):
        return weight.permute(2, 3, 1, 0)
    return weight.T if isinstance(module, nn.Linear) else weight
