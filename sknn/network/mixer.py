"""The hidden layers of an MLP-Mixer, from plain parameters."""

from sknn.layers import Conv2D, Dropout, GlobalAvgPool2D, LayerNorm, Residual, Transposed
from sknn.layers._shapes import pair

#: where ``patch_size="auto"``: most patches along the longer side, and the smallest of them
AUTO_PATCHES, AUTO_LEAST = 8, 2


def parse_patch_size(value, image_shape):
    """(rows, columns) of a patch, no larger than the image; "auto" is a square."""
    height, width = image_shape[:2]
    side = max(AUTO_LEAST, -(-max(height, width) // AUTO_PATCHES))
    rows, columns = pair(side if isinstance(value, str) else value, "patch_size")
    return min(rows, height), min(columns, width)


def mixer_layers(image_shape, estimator):
    """Patches as pixels of `hidden_dim` channels, `n_blocks` times mixed, and their mean."""
    patch = parse_patch_size(estimator.patch_size, image_shape)
    embedding = Conv2D(
        estimator.hidden_dim, patch, strides=patch, padding="same", activation="identity"
    )
    rows, columns, channels = embedding.output_shape(image_shape)
    layers = [embedding]
    for _ in range(estimator.n_blocks):
        # a number added to all channels of a token is taken out again by every norm that follows
        tokens = mlp(estimator.tokens_mlp_dim, rows * columns, estimator, bias=False)
        layers += [
            Residual([LayerNorm(), Transposed(tokens)]),
            Residual([LayerNorm(), *mlp(estimator.channels_mlp_dim, channels, estimator)]),
        ]
    return [*layers, LayerNorm(), GlobalAvgPool2D()]


def mlp(hidden, outputs, estimator, bias=True):
    """Two dense layers on the channels of each pixel; `bias` is that of the second."""
    dropout = [Dropout(estimator.dropout)] if estimator.dropout else []
    first = Conv2D(hidden, 1, activation=estimator.activation)
    return [first, *dropout, Conv2D(outputs, 1, bias=bias, activation="identity")]
