"""Operations of ONNX as layers with weights: one function for each, and a table of them.

A function takes the reader, a node and the Place before it, and returns the layer, or None where none is needed,
and the Place after it. It raises ValueError where no layer computes the same.
"""

from math import prod

import numpy as np

from sknn import layers
from sknn.onnx.place import CHANNELS_FIRST, CHANNELS_LAST, NotALayer


def called(node):
    """What messages call a node."""
    return f"{node.op_type} {node.name!r}" if node.name else node.op_type


def plain_number(value):
    """A parameter that is stored in float32 as people write it."""
    return float(f"{value:.6g}")


def _simple(pair):
    """One number where both are equal."""
    a, b = (int(part) for part in pair)
    return a if a == b else (a, b)


def _check_images(at):
    if not at.is_image or at.axes != CHANNELS_FIRST:
        raise NotALayer("it works on images (n, c, h, w), but gets another value")


#: pixels at the top, on the left, at the bottom and on the right
NOTHING = (0, 0, 0, 0)


def _padding(attributes, around=NOTHING):
    """The parameter `padding`, from `pads`, what stands around the image already, and `auto_pad`."""
    auto = attributes.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "VALID") and around == NOTHING:
        return {"SAME_UPPER": "same", "VALID": "valid"}[auto]
    if auto != "NOTSET":
        raise NotALayer(f"auto_pad={auto!r} is not known")
    own = attributes.get("pads", NOTHING)
    top, left, bottom, right = pads = [a + b for a, b in zip(own, around, strict=True)]
    if not any(pads):
        return "valid"
    if (top, left) == (bottom, right):
        return _simple((top, left))
    return (top, bottom), (left, right)


def _window(attributes, kernel):
    """`strides` and the size of the kernel; raises for more or fewer than two axes."""
    if len(kernel) != 2:
        raise NotALayer(f"its kernel has {len(kernel)} axes, not two")
    return _simple(kernel), _simple(attributes.get("strides", [1, 1]))


def _only(attributes, **values):
    """Raise where an attribute has another value than the one that is known."""
    for name, known in values.items():
        found = attributes.get(name, known)
        if found != known:
            raise NotALayer(f"{name}={found!r} is not known, only {known!r}")


# ---- dense, convolutions ------------------------------------------------------------------------


def conv(reader, node, at, around=NOTHING):
    _check_images(at)
    attributes, W = reader.source.attributes(node), reader.array(node, 1)
    b = reader.array(node, 2)
    kernel, strides = _window(attributes, W.shape[2:])
    layer = layers.Conv2D(
        W.shape[0],
        kernel,
        strides,
        _padding(attributes, around),
        _simple(attributes.get("dilations", [1, 1])),
        attributes.get("group", 1),
        bias=b is not None,
        activation="identity",
    )
    return reader.after(node, at, layer, W.transpose(2, 3, 1, 0), b)


def conv_transpose(reader, node, at):
    _check_images(at)
    attributes, W = reader.source.attributes(node), reader.array(node, 1)
    b, groups = reader.array(node, 2), attributes.get("group", 1)
    kernel, strides = _window(attributes, W.shape[2:])
    padding = _padding(attributes)
    padding = 0 if padding == "valid" else padding
    _only(attributes, dilations=[1, 1], output_shape=None, auto_pad="NOTSET")
    layer = layers.ConvTranspose2D(
        W.shape[1] * groups,
        kernel,
        strides,
        padding,
        _simple(attributes.get("output_padding", [0, 0])),
        groups,
        bias=b is not None,
        activation="identity",
    )
    # the way back from (c, filters / groups, kh, kw) to the flipped kernel, see layers.conv_transpose2d
    parts = [part.transpose(2, 3, 0, 1) for part in np.split(W, groups)]
    return reader.after(node, at, layer, np.concatenate(parts, axis=3)[::-1, ::-1], b)


def gemm(reader, node, at):
    attributes = reader.source.attributes(node)
    _only(attributes, alpha=1.0, beta=1.0, transA=0)
    W = reader.array(node, 1)
    return _dense(reader, node, at, W.T if attributes.get("transB") else W, reader.array(node, 2))


def matmul(reader, node, at):
    W, last, b = reader.array(node, 1), node, None
    after = reader.source.only_consumer(node.output[0])
    if after is not None and after.op_type == "Add":  # the biases
        found = reader.source.constant_of(after)
        if found is not None and found.size == W.shape[-1]:
            last, b = after, found
    return _dense(reader, last, at, W, b)


def _dense(reader, node, at, W, b):
    if at.is_image or W is None or W.shape[:1] != at.shape:
        raise NotALayer(f"it works on vectors by constant weights, but gets {at.shape}")
    layer = layers.Dense(W.shape[1], "identity")
    at_plain = at._replace(order=None)
    return reader.after(node, at_plain, layer, W if at.order is None else W[at.order], b)


# ---- pooling ------------------------------------------------------------------------------------


def _pool(kind, **known):
    def read(reader, node, at):
        _check_images(at)
        attributes = reader.source.attributes(node)
        _only(attributes, dilations=[1, 1], **known)
        size, strides = _window(attributes, attributes["kernel_shape"])
        options = {"ceil_mode": bool(attributes.get("ceil_mode", 0))}
        if kind is layers.AvgPool2D:
            options["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
        return reader.after(node, at, kind(size, strides, _padding(attributes), **options))

    return read


def _global_pool(kind, with_window):
    """A pool over the whole image: of vectors where a vector is made of it, else a window of its size."""

    def read(reader, node, at):
        _check_images(at)
        attributes = reader.source.attributes(node)
        if node.op_type.startswith("Reduce"):
            axes = attributes.get("axes")
            axes = reader.array(node, 1) if axes is None else axes
            if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3]:
                raise NotALayer(f"it reduces the axes {axes}, not height and width")
            if not attributes.get("keepdims", 1):
                return reader.after(node, at, kind())
        after = reader.source.only_consumer(node.output[0])
        if after is not None and _makes_vectors(reader, after):
            return reader.after(after, at, kind())
        return reader.after(node, at, with_window(_simple(at.shape[:2])))

    return read


def pad(reader, node, at):
    """Zeros around images, as a part of the convolution or of the mean that follows."""
    _check_images(at)
    after = reader.source.only_consumer(node.output[0])
    pads, value = reader.array(node, 1), reader.array(node, 2)
    _only(reader.source.attributes(node), mode="constant")
    if after is None or after.op_type not in PADDED or len(node.input) > 3:
        raise NotALayer("padding is read before a convolution or an average pool")
    pads = np.zeros(8, int) if pads is None else np.asarray(pads)
    if len(pads) != 8 or pads[[0, 1, 4, 5]].any() or pads.min() < 0 or np.any(value):
        raise NotALayer("only zeros around height and width are read")
    return PADDED[after.op_type](reader, after, at, tuple(pads[[2, 3, 6, 7]].tolist()))


def _padded_mean(reader, node, at, around):
    """Average pooling in which padding counts, and not what partial windows have beyond it."""
    attributes = reader.source.attributes(node)
    _only(attributes, dilations=[1, 1], auto_pad="NOTSET", count_include_pad=0, ceil_mode=0)
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    beyond = attributes.get("pads", NOTHING)
    size, steps = _window(attributes, kernel)
    layer = layers.AvgPool2D(size, steps, _padding({}, around), any(beyond), count_include_pad=True)
    sizes = [at.shape[a] + around[a] + around[a + 2] + beyond[a + 2] for a in (0, 1)]
    found = [(sizes[a] - kernel[a]) // strides[a] + 1 for a in (0, 1)]
    if any(beyond[:2]) or (*found, at.shape[2]) != layer.output_shape(at.shape):
        raise NotALayer(f"pads={beyond} after padding are no partial windows")
    return reader.after(node, at, layer)


#: what padding may stand before
PADDED = {"AveragePool": _padded_mean, "Conv": conv}


def _makes_vectors(reader, node):
    """Whether a node makes vectors (n, c) of images of one pixel."""
    if node.op_type == "Reshape":
        shape = reader.source.constant(node, 1)
        return shape is not None and len(shape) == 2
    axis = reader.source.attributes(node).get("axis", 1)
    return (node.op_type == "Flatten" and axis == 1) or (
        node.op_type == "Squeeze" and np.array_equal(reader.source.constant(node, 1), [2, 3])
    )


# ---- norms and factors --------------------------------------------------------------------------


def _epsilon(reader, node):
    return plain_number(reader.source.attributes(node).get("epsilon", 1e-5))


def batch_norm(reader, node, at):
    if at.is_image:
        _check_images(at)
    _only(reader.source.attributes(node), training_mode=0)
    scale, shift, mean, variance = (
        at._replace(axes=CHANNELS_LAST).of_channels(reader.array(node, k)) for k in range(1, 5)
    )
    reader.weights.means.append(mean)
    reader.weights.variances.append(variance)
    return reader.after(node, at, layers.BatchNorm(epsilon=_epsilon(reader, node)), scale, shift)


def layer_norm(reader, node, at):
    axis = reader.source.attributes(node).get("axis", -1)
    if axis not in (-1, 3 if at.is_image else 1) or (at.is_image and at.axes != CHANNELS_LAST):
        raise NotALayer("it normalizes other axes than that of the channels")
    scale = at.of_channels(reader.array(node, 1))
    shift = reader.array(node, 2)
    shift = None if shift is None else at.of_channels(shift)
    return reader.after(node, at, layers.LayerNorm(_epsilon(reader, node)), scale, shift)


def instance_norm(reader, node, at):
    _check_images(at)
    scale, shift = reader.array(node, 1), reader.array(node, 2)
    layer = layers.GroupNorm(at.shape[2], _epsilon(reader, node))
    return reader.after(node, at, layer, scale, shift)


def _group_norm(reader, norm, at):
    """GroupNorm as PyTorch writes it: groups as channels are normalized, then come factors and shifts."""
    ones, zeros = reader.array(norm, 1), reader.array(norm, 2)
    if (ones != 1).any() or zeros.any() or at.axes != CHANNELS_FIRST or at.order is not None:
        raise NotALayer(
            "it normalizes groups with weights of their own, or of channels in another order"
        )
    values, node = [], reader.source.only_consumer(norm.output[0])
    if node is None or node.op_type != "Reshape":
        raise NotALayer("groups are normalized, but do not become channels again")
    for op in ("Mul", "Add"):
        node = reader.source.only_consumer(node.output[0])
        if node is None or node.op_type != op:
            raise NotALayer(
                "groups are normalized, but factors and shifts of the channels do not follow"
            )
        values.append(at.of_channels(reader.source.constant_of(node)))
    return reader.after(node, at, layers.GroupNorm(len(ones), _epsilon(reader, norm)), *values)


def mul(reader, node, at):
    constant = reader.source.constant_of(node)
    if constant is None:
        raise NotALayer("it multiplies two computed values")
    return reader.after(node, at, layers.Scale(), at.of_channels(constant)[None])


# ---- shapes -------------------------------------------------------------------------------------


def flatten(reader, node, at):
    _only(reader.source.attributes(node), axis=1)
    if not at.is_image:
        return None, at._replace(name=node.output[0])
    h, w, c = at.shape
    order: np.ndarray | None = np.arange(h * w * c).reshape(c, h, w).transpose(1, 2, 0).ravel()
    if at.axes == CHANNELS_LAST or min(h * w, c) == 1:
        order = None
    layer, after = reader.after(node, at, layers.Flatten())
    return layer, after._replace(axes=CHANNELS_FIRST, order=order)


def reshape(reader, node, at):
    shape = reader.source.constant(node, 1)
    after = reader.source.only_consumer(node.output[0])
    if shape is not None and len(shape) == 3 and after is not None:
        if after.op_type == "InstanceNormalization":
            return _group_norm(reader, after, at)
        if after.op_type == "Transpose":
            return _transposed(reader, node, at)
    if shape is not None and len(shape) == 2 and shape[1] in (-1, prod(at.shape)):
        return flatten(reader, node, at)
    raise NotALayer(
        f"it makes the shape {shape} of {at.shape}, neither a vector nor groups of channels"
    )


def transpose(reader, node, at):
    perm = reader.source.attributes(node).get("perm")
    known = {
        (CHANNELS_FIRST, (0, 2, 3, 1)): CHANNELS_LAST,
        (CHANNELS_LAST, (0, 3, 1, 2)): CHANNELS_FIRST,
    }
    axes = known.get((at.axes, tuple(perm or ()))) if at.is_image else None
    if axes is None:
        raise NotALayer(f"perm={perm} does not move the channels of images to the end or back")
    return None, at._replace(name=node.output[0], axes=axes)


def _transposed(reader, node, at):
    """Layers between two exchanges of spatial positions and channels, as to_onnx writes them."""
    _check_images(at)
    h, w, c = at.shape
    inside = _exchanged(reader, node)
    if inside is None:
        raise NotALayer("it is no exchange of spatial positions and channels")
    start = at._replace(name=inside[0], shape=(1, c, h * w))
    for back in reader.source.nodes[reader.source.nodes.index(node) + 1 :]:
        found = _exchanged(reader, back)
        if found is not None and found[1] == [c, h, w]:
            several, _ = reader.read(start, back.input[0])
            return layers.Transposed(several), at._replace(name=found[0])
    raise NotALayer("positions and channels are not exchanged again")


def _exchanged(reader, node):
    """(name, shape) of what is reshaped, transposed and reshaped, or None."""
    second = reader.source.only_consumer(node.output[0]) if node.op_type == "Reshape" else None
    if second is None or second.op_type != "Transpose":
        return None
    third = reader.source.only_consumer(second.output[0])
    shape = None if third is None else reader.source.constant(third, 1)
    perm = reader.source.attributes(second).get("perm")
    if third.op_type != "Reshape" or shape is None or perm != [0, 2, 1] or len(shape) != 4:
        return None
    return third.output[0], shape[1:].tolist()


#: operation -> function (reader, node, Place) -> (layer or None, Place)
READERS = {
    "AveragePool": _pool(layers.AvgPool2D),
    "BatchNormalization": batch_norm,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": _global_pool(layers.GlobalAvgPool2D, layers.AvgPool2D),
    "GlobalMaxPool": _global_pool(layers.GlobalMaxPool2D, layers.MaxPool2D),
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "MatMul": matmul,
    "MaxPool": _pool(layers.MaxPool2D, storage_order=0),
    "Mul": mul,
    "Pad": pad,
    "ReduceMax": _global_pool(layers.GlobalMaxPool2D, layers.MaxPool2D),
    "ReduceMean": _global_pool(layers.GlobalAvgPool2D, layers.AvgPool2D),
    "Reshape": reshape,
    "Transpose": transpose,
}
