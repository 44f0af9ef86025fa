"""The reference implementation of the layers: a few lines of numpy each, in float64.

Images are (n, h, w, c), kernels (kh, kw, c_in / groups, c_out). Every function returns its output and a
function from the gradient of that output to those of the input and of the weights.
"""

import itertools

import numpy as np

from tests import reference

# ---- windows ------------------------------------------------------------------------------------


def pair(value):
    return (value, value) if np.isscalar(value) else tuple(value)


def extent(size, kernel, stride, dilation, padding, ceil_mode=False):
    """(output size, zeros before, zeros after) along one axis; `padding` is a name, a number or two."""
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        out = -(-size // stride)
        total = max((out - 1) * stride + reach - size, 0)
        return out, total // 2, total - total // 2
    before, after = (0, 0) if padding == "valid" else pair(padding)
    starts = range(-before, size + after - (0 if ceil_mode else reach - 1), stride)
    if ceil_mode:  # all that begin in the image or before it, up to one that reaches the end
        whole = [at for at in starts if at + reach <= size + after]
        starts = whole + [at for at in starts[len(whole) :][:1] if whole[-1] + reach < size + after]
        starts = [at for at in starts if at < size]
    return len(starts), before, after


def extents(shape, kernel, strides, dilation, padding, ceil_mode=False):
    """The same along both axes."""
    padding = (padding, padding) if isinstance(padding, str) else pair(padding)
    axes = zip(shape, kernel, strides, dilation, padding, strict=True)
    return [extent(*axis, ceil_mode) for axis in axes]


def overhanging(shape, kernel, strides, edges):
    """The edges with as much padding after as the last window needs."""
    return [
        (out, before, max(after, (out - 1) * s + k - size - before))
        for size, k, s, (out, before, after) in zip(shape, kernel, strides, edges, strict=True)
    ]


def pad(x, edges, value=0.0):
    return np.pad(x, [(0, 0), *(edge[1:] for edge in edges), (0, 0)], constant_values=value)


def crop(x, edges, shape):
    (_, top, _), (_, left, _) = edges
    return x[:, top : top + shape[0], left : left + shape[1]]


def taps(kernel, strides, dilation, edges):
    """Each place of a window, in row order, with what it sees of the padded image."""
    for at in itertools.product(*map(range, kernel)):
        yield (
            at,
            (
                slice(None),
                *(
                    slice(i * d, i * d + (out - 1) * s + 1, s)
                    for i, d, s, (out, _, _) in zip(at, dilation, strides, edges, strict=True)
                ),
            ),
        )


# ---- layers with weights ------------------------------------------------------------------------


def factor(array):
    """What dense layers and convolutions multiply; tests of bfloat16 put a rounding in its place."""
    return array


def factor_of(W):
    """The same for a kernel: few channels are multiplied as they are."""
    return factor if W.shape[2] >= 16 else np.asarray


def dense(x, W, b):
    """y = x W + b, an image as its values in NHWC order."""
    flat_x, W = factor(x.reshape(len(x), -1)), factor(W)

    def backward(dout):
        d = factor(dout)
        return (d @ W.T).reshape(x.shape), flat_x.T @ d, dout.sum(axis=0)

    return flat_x @ W + b, backward


def conv2d(x, W, b, strides=1, padding="valid", dilation=1, groups=1, bias=True):
    """Cross-correlation; outputs of group g are channels g c_out / groups and on.

    Without `bias` b is zero and stays so.
    """
    strides, dilation = pair(strides), pair(dilation)
    kernel, n_out = W.shape[:2], W.shape[3]
    edges = extents(x.shape[1:3], kernel, strides, dilation, padding)
    places = list(taps(kernel, strides, dilation, edges))

    def grouped(array):
        return array.reshape(*array.shape[:-1], groups, -1)

    rounded = factor_of(W)
    padded, parts = rounded(grouped(pad(x, edges))), rounded(grouped(W))
    y = np.zeros((len(x), edges[0][0], edges[1][0], groups, n_out // groups))
    for at, seen in places:
        y += np.einsum("nhwgc,cgo->nhwgo", padded[seen], parts[at])

    def backward(dout):
        db, dout = dout.sum(axis=(0, 1, 2)), rounded(grouped(dout))
        dpadded, dW = np.zeros_like(padded), np.zeros_like(parts)
        for at, seen in places:
            dpadded[seen] += np.einsum("nhwgo,cgo->nhwgc", dout, parts[at])
            dW[at] = np.einsum("nhwgc,nhwgo->cgo", padded[seen], dout)
        dx = crop(dpadded.reshape(pad(x, edges).shape), edges, x.shape[1:3])
        return dx, dW.reshape(W.shape), bias * db

    return y.reshape(*y.shape[:3], n_out) + b, backward


def batch_norm(x, gamma, beta, epsilon=1e-5, sample_weight=None, scale=True):
    """With the moments of this batch; also returns (mean, variance, values of a channel, their weight).

    A sample of weight w counts as w samples; dout has its weight already. Without `scale` gamma has no gradient.
    """
    weights = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight, float)
    weights = weights.reshape(-1, *[1] * (x.ndim - 1))
    axes = tuple(range(x.ndim - 1))
    n, total = x[..., 0].size, weights.sum() * x[0, ..., 0].size
    mean = (weights * x).sum(axis=axes) / total
    variance = (weights * (x - mean) ** 2).sum(axis=axes) / total
    deviation = np.sqrt(variance + epsilon)
    normal = (x - mean) / deviation

    def backward(dout):
        d = dout * gamma
        pull = d.sum(axis=axes) + normal * (d * normal).sum(axis=axes)
        dgamma = scale * (dout * normal).sum(axis=axes)
        return (d - weights * pull / total) / deviation, dgamma, dout.sum(axis=axes)

    return normal * gamma + beta, backward, (mean, variance, n, total)


def running(old, moments, momentum=0.1, share=1.0):
    """Running mean and variance after one more batch, which has this share of the samples of a full one.

    The variance is the unbiased one of as many values as the weights add up to, or as there are if these are more.
    A single value has none.
    """
    mean, variance, n, total = moments
    size, step = max(n, total), momentum * share
    unbiased = old[1] if size <= 1 else variance * size / (size - 1)
    return tuple(was + step * (new - was) for was, new in zip(old, (mean, unbiased), strict=True))


def fixed_norm(x, gamma, beta, mean, variance, epsilon=1e-5):
    """Batch normalisation of a prediction, with running moments."""
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def layer_norm(x, gamma, beta, epsilon=1e-5):
    """Each pixel over its channels, or each row over its features."""
    deviation = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    normal = (x - x.mean(axis=-1, keepdims=True)) / deviation

    def backward(dout):
        d, axes = dout * gamma, tuple(range(x.ndim - 1))
        share = d.mean(axis=-1, keepdims=True) + normal * (d * normal).mean(axis=-1, keepdims=True)
        return (d - share) / deviation, (dout * normal).sum(axis=axes), dout.sum(axis=axes)

    return normal * gamma + beta, backward


def group_norm(x, gamma, beta, groups, epsilon=1e-5):
    """Groups of channels over all pixels: each a row of its own."""
    apart = x.reshape(len(x), -1, groups, x.shape[-1] // groups).swapaxes(1, 2)
    rows = apart.reshape(len(x) * groups, -1)
    normal_rows, rows_backward = layer_norm(rows, 1.0, 0.0, epsilon)

    def as_images(rows):
        return rows.reshape(apart.shape).swapaxes(1, 2).reshape(x.shape)

    def as_rows(x):
        return (
            x.reshape(len(x), -1, groups, x.shape[-1] // groups).swapaxes(1, 2).reshape(rows.shape)
        )

    normal = as_images(normal_rows)

    def backward(dout):
        axes = tuple(range(x.ndim - 1))
        dx = as_images(rows_backward(as_rows(dout * gamma))[0])
        return dx, (dout * normal).sum(axis=axes), dout.sum(axis=axes)

    return normal * gamma + beta, backward


def scale(x, s, b, trained=True):
    """A factor for each channel."""

    def backward(dout):
        ds = trained * (dout * x).reshape(-1, s.size).sum(axis=0, keepdims=True)
        return dout * s[0], ds, 0 * b

    return x * s[0], backward


def parametric(x, share, b, name):
    """x + share (f(x) - x), a share for each channel."""
    f, slope = reference.ACTIVATIONS[name]
    bend = f(x) - x

    def backward(dout):
        dshare = (dout * bend).reshape(-1, share.size).sum(axis=0, keepdims=True)
        return dout * (1 + share[0] * (slope(x) - 1)), dshare, 0 * b

    return x + share[0] * bend, backward


def periodic(x, W, b, K, J):
    """[x, v_1, ..., v_J] with v_j = c_j + sum_k m_kj cos(2 pi f_k x + phase_k)."""
    frequency, phase, mixture, c = np.split(W, [K, 2 * K, 2 * K + K * J])
    mixture = mixture.reshape(K, J, -1)
    angle = 2 * np.pi * frequency * x[:, None] + phase
    v = c + np.einsum("nkd,kjd->njd", np.cos(angle), mixture)

    def backward(dout):
        dx, dv = dout[:, : x.shape[1]], dout[:, x.shape[1] :].reshape(v.shape)
        dangle = -np.sin(angle) * np.einsum("njd,kjd->nkd", dv, mixture)
        dmixture = np.einsum("nkd,njd->kjd", np.cos(angle), dv).reshape(K * J, -1)
        dfrequency = 2 * np.pi * np.einsum("nkd,nd->kd", dangle, x)
        dW = np.concatenate([dfrequency, dangle.sum(axis=0), dmixture, dv.sum(axis=0)])
        return dx + 2 * np.pi * (dangle * frequency).sum(axis=1), dW, 0 * b

    return np.concatenate([x, v.reshape(len(x), -1)], axis=1), backward


def piecewise(x, W, b, edges, J):
    """[x, v_1, ..., v_J] with v_j = c_j + sum_t m_tj e_t: shares of the bins that lie below x, open at both ends."""
    edges = np.asarray(edges, float)
    T, widths = len(edges) - 1, np.diff(edges, axis=0)
    low, high = np.zeros((T, 1)), np.ones((T, 1))
    low[0], high[-1] = -np.inf, np.inf
    mixture, c = W[:-J].reshape(T, J, -1), W[-J:]
    share = (x[:, None] - edges[:-1]) / widths
    e = np.clip(share, low, high)
    v = c + np.einsum("ntd,tjd->njd", e, mixture)

    def backward(dout):
        dx, dv = dout[:, : x.shape[1]], dout[:, x.shape[1] :].reshape(v.shape)
        dmixture = np.einsum("ntd,njd->tjd", e, dv).reshape(T * J, -1)
        de = np.einsum("njd,tjd->ntd", dv, mixture) / widths
        inside = ~((share < low) | (share >= high))
        return dx + (de * inside).sum(axis=1), np.concatenate([dmixture, dv.sum(axis=0)]), 0 * b

    return np.concatenate([x, v.reshape(len(x), -1)], axis=1), backward


def embedding(codes, W, b):
    """The rows of W that a column of codes names; zeros for an unknown code, NaN for NaN."""
    known = (codes >= 0) & (codes < len(W))
    rows = np.where(known, codes, 0).astype(int)
    y = np.where(known[:, None], W[rows], 0) + np.where(np.isnan(codes), codes, 0)[:, None]

    def backward(dout):
        dW = np.zeros_like(W)
        np.add.at(dW, rows[known], dout[known])
        return np.zeros_like(codes), dW, 0 * b

    return y, backward


# ---- layers without weights: each a function of its parameters, named like its class in snake case -----


def max_pool2d(x, pool_size=2, strides=None, padding="valid", ceil_mode=False):
    """The first of equal values, in row order, is the winner and gets the gradient; so is a NaN."""
    kernel = pair(pool_size)
    strides = kernel if strides is None else pair(strides)
    edges = extents(x.shape[1:3], kernel, strides, (1, 1), padding, ceil_mode)
    edges = overhanging(x.shape[1:3], kernel, strides, edges)
    places = [seen for _, seen in taps(kernel, strides, (1, 1), edges)]
    padded = pad(x, edges, -np.inf)
    windows = np.stack([padded[seen] for seen in places])
    winner = windows.argmax(axis=0)

    def backward(dout):
        dpadded = np.zeros_like(padded)
        for k, seen in enumerate(places):
            dpadded[seen] += np.where(winner == k, dout, 0)
        return crop(dpadded, edges, x.shape[1:3])

    return np.take_along_axis(windows, winner[None], axis=0)[0], backward


def avg_pool2d(
    x, pool_size=2, strides=None, padding="valid", ceil_mode=False, count_include_pad=False
):
    """The mean of what lies inside, or of what lies in the padding, too."""
    kernel = pair(pool_size)
    strides = kernel if strides is None else pair(strides)
    given = extents(x.shape[1:3], kernel, strides, (1, 1), padding, ceil_mode)
    edges = overhanging(x.shape[1:3], kernel, strides, given)
    places = [seen for _, seen in taps(kernel, strides, (1, 1), edges)]
    beyond = [(0, 0, full[2] - edge[2]) for full, edge in zip(edges, given, strict=True)]
    counted = pad(np.ones((1, *x.shape[1:3], 1)), given, float(count_include_pad))
    padded, inside = pad(x, edges), pad(counted, beyond)
    count = sum(inside[seen] for seen in places)

    def backward(dout):
        dpadded = np.zeros_like(padded)
        for seen in places:
            dpadded[seen] += dout / count
        return crop(dpadded, edges, x.shape[1:3])

    return sum(padded[seen] for seen in places) / count, backward


def flatten(x):
    return x.reshape(len(x), -1), lambda dout: dout.reshape(x.shape)


def global_max_pool2d(x):
    return _whole_image(max_pool2d, x)


def global_avg_pool2d(x):
    return _whole_image(avg_pool2d, x)


def _whole_image(pool, x):
    """One window as large as the image, to (n, c)."""
    y, pool_backward = pool(x, x.shape[1:3])
    return y.reshape(len(x), -1), lambda dout: pool_backward(dout.reshape(y.shape))


def activation(x, name, alpha=None):
    f, slope = reference.ACTIVATIONS[name]
    if alpha is not None and name == "elu":
        f, slope = (
            lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
            lambda x: np.where(x <= 0, alpha * np.exp(np.minimum(x, 0)), 1.0),
        )
    elif alpha is not None:
        f, slope = lambda x: np.where(x < 0, alpha * x, x), lambda x: np.where(x <= 0, alpha, 1.0)
    return f(x), lambda dout: dout * slope(x)


def masked(x, mask):
    return x * mask, lambda dout: dout * mask


def dropout_mask(shape, rate, *key):
    """Of every value of (n, …), from (seed, epoch, samples, salt)."""
    return reference.dropout_mask(*key, int(np.prod(shape[1:])), rate).reshape(shape)


def spatial_dropout_mask(shape, rate, *key):
    """Of every channel of (n, h, w, c), the same for all its pixels."""
    return reference.dropout_mask(*key, shape[-1], rate)[:, None, None, :]


def side_by_side(parts):
    """(output, backward) of each part, as one row."""
    outputs, backwards = zip(*parts, strict=True)
    ends = np.cumsum([y.shape[1] for y in outputs])[:-1]

    def backward(dout):
        slopes = zip(backwards, np.split(dout, ends, axis=1), strict=True)
        return np.concatenate([one(slope) for one, slope in slopes], axis=1)

    return np.concatenate(outputs, axis=1), backward


def transposed(x, f):
    """f of the image whose pixels are the channels and whose channels are the places, turned back."""

    def turn(x):
        return x.reshape(len(x), -1, x.shape[3]).transpose(0, 2, 1)[:, None]

    y, f_backward = f(turn(x))
    return turn(y).reshape(x.shape), lambda dout: turn(f_backward(turn(dout))).reshape(x.shape)


def residual(x, f):
    """x + f(x), where f is another of these functions."""
    y, f_backward = f(x)
    return x + y, lambda dout: dout + f_backward(dout)
