"""A short numpy reference of transposed convolutions, by their definition: every pixel adds a kernel."""

import itertools

import numpy as np

from tests.reference_layers import factor_of, pair


def conv_transpose2d(x, W, b, strides=1, padding=0, output_padding=0, groups=1, bias=True):
    """Every pixel adds a copy of the flipped kernel, whose edges are cut off."""
    rounded, strides = factor_of(W), pair(strides)
    x, V = rounded(x), rounded(W[::-1, ::-1])
    (n, h, w, c), (kh, kw, _, filters) = x.shape, W.shape
    size = [(m - 1) * s + k for m, s, k in zip((h, w), strides, (kh, kw), strict=True)]
    cut = [
        slice(p, m - p + extra)
        for m, p, extra in zip(size, pair(padding), pair(output_padding), strict=True)
    ]
    room = [(0, 0), *((0, extra) for extra in pair(output_padding)), (0, 0)]
    c_in, c_out = c // groups, filters // groups

    def places(i, j):
        rows = slice(i, i + (h - 1) * strides[0] + 1, strides[0])
        return slice(None), rows, slice(j, j + (w - 1) * strides[1] + 1, strides[1])

    whole = np.zeros((n, *size, filters))
    for i, j, g in itertools.product(range(kh), range(kw), range(groups)):
        ins, outs = slice(g * c_in, (g + 1) * c_in), slice(g * c_out, (g + 1) * c_out)
        whole[places(i, j)][..., outs] += x[..., ins] @ V[i, j, :, outs]
    shape = np.pad(whole, room).shape

    def backward(dout):
        d = np.zeros(shape)
        d[:, cut[0], cut[1]] = rounded(dout)
        dx, dV = np.zeros_like(x), np.zeros_like(V)
        for i, j, g in itertools.product(range(kh), range(kw), range(groups)):
            ins, outs = slice(g * c_in, (g + 1) * c_in), slice(g * c_out, (g + 1) * c_out)
            seen = d[places(i, j)][..., outs]
            dx[..., ins] += seen @ V[i, j, :, outs].T
            dV[i, j, :, outs] += np.tensordot(x[..., ins], seen, ([0, 1, 2], [0, 1, 2]))
        return dx, dV[::-1, ::-1], bias * dout.sum(axis=(0, 1, 2))

    return np.pad(whole, room)[:, cut[0], cut[1]] + b, backward
