"""The table of layer cases: name -> (layers, shape of the input); a linear layer comes after them."""

from sknn.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    LayerNorm,
    MaxPool2D,
    Residual,
    SpatialDropout,
    Transposed,
)
from tests.engine.table_cases import TABLES


def separable(filters, **options):
    """One filter for each of eight channels, then a mixture of them."""
    return [Conv2D(8, 3, groups=8, **options), Conv2D(filters, 1)]


def mixer(tokens, channels, c, *between):
    """Two residual MLPs: along the places of an image, and along its c channels."""
    mlp = [
        Conv2D(tokens[0], 1, activation="gelu"),
        *between,
        Conv2D(tokens[1], 1, activation="identity"),
    ]
    return [
        Residual([LayerNorm(), Transposed(mlp)]),
        Residual(
            [
                LayerNorm(),
                Conv2D(channels, 1, activation="gelu"),
                *between,
                Conv2D(c, 1, activation="identity"),
            ]
        ),
    ]


CONVOLUTIONS = {
    # channels in and out: odd, a vector, more than a panel
    "one_of_everything": ([Conv2D(1, 1)], (1, 1, 1)),
    "one_filter": ([Conv2D(1, 3)], (6, 5, 1)),
    "six_filters": ([Conv2D(6, 5)], (9, 8, 1)),
    "ten_filters_of_colour": ([Conv2D(10, 3)], (7, 6, 3)),
    "sixteen_filters": ([Conv2D(16, 5)], (7, 7, 6)),
    "thirty_three_filters": ([Conv2D(33, 3)], (5, 6, 17)),
    "sixty_four_filters": ([Conv2D(64, 3)], (5, 5, 3)),
    "hundred_filters": ([Conv2D(100, (2, 3))], (4, 5, 6)),
    "many_channels": ([Conv2D(33, 2)], (4, 4, 70)),
    # kernels
    "kernel_of_one": ([Conv2D(7, 1)], (5, 4, 6)),
    "kernel_of_one_with_stride": ([Conv2D(7, 1, strides=2)], (5, 4, 6)),
    "kernel_as_large_as_the_image": ([Conv2D(9, (5, 4))], (5, 4, 3)),
    "even_kernel_same": ([Conv2D(5, (2, 4), padding="same")], (6, 7, 3)),
    "flat_kernel": ([Conv2D(5, (1, 5))], (4, 9, 2)),
    "tall_kernel": ([Conv2D(5, (5, 1))], (9, 4, 2)),
    "signal": ([Conv2D(6, (1, 3), padding="same"), MaxPool2D((1, 2))], (1, 21, 1)),
    "column": ([Conv2D(6, (3, 1)), AvgPool2D((2, 1))], (13, 1, 2)),
    "wide_image": ([Conv2D(5, 3, padding="same")], (4, 67, 1)),
    # strides, padding, dilation
    "stride": ([Conv2D(6, 3, strides=2)], (8, 9, 3)),
    "uneven_strides": ([Conv2D(6, 3, strides=(3, 1), padding="same")], (8, 7, 3)),
    "stride_larger_than_kernel": ([Conv2D(6, 2, strides=3)], (9, 8, 3)),
    "stride_larger_than_kernel_same": ([Conv2D(6, 1, strides=3, padding="same")], (8, 7, 3)),
    "stride_same": ([Conv2D(6, 5, strides=2, padding="same")], (7, 8, 3)),
    "same": ([Conv2D(6, 3, padding="same")], (5, 6, 3)),
    "same_larger_than_the_image": ([Conv2D(6, 5, padding="same")], (2, 3, 3)),
    "padding_of_two": ([Conv2D(6, 3, padding=2)], (4, 5, 3)),
    "uneven_padding": ([Conv2D(6, 3, padding=(0, 3), strides=2)], (5, 6, 3)),
    "dilation": ([Conv2D(6, 3, dilation=2)], (8, 7, 3)),
    "uneven_dilation": ([Conv2D(6, 3, dilation=(1, 3), padding="same")], (5, 9, 3)),
    "dilation_and_stride": ([Conv2D(6, 2, dilation=3, strides=2, padding=1)], (9, 8, 3)),
    # groups
    "groups": ([Conv2D(10, 3, groups=2)], (6, 5, 6)),
    "groups_of_seventeen": ([Conv2D(66, 2, groups=2)], (4, 4, 34)),
    "depthwise": ([Conv2D(6, 3, groups=6)], (6, 7, 6)),
    "depthwise_same": ([Conv2D(17, 3, groups=17, padding="same")], (5, 6, 17)),
    "depthwise_stride": ([Conv2D(33, 3, groups=33, strides=2, padding=1)], (7, 6, 33)),
    "depthwise_dilation": ([Conv2D(16, (3, 2), groups=16, dilation=2)], (8, 7, 16)),
    "depthwise_twice_the_channels": ([Conv2D(12, 3, groups=6)], (6, 5, 6)),
    "separable": ([Conv2D(8, 3), *separable(17, padding="same")], (7, 6, 3)),
    # deeper, so that the gradient of an input is seen
    "two": ([Conv2D(6, 3), Conv2D(10, 3)], (7, 6, 3)),
    "two_same": ([Conv2D(17, 3, padding="same"), Conv2D(33, 3, padding="same")], (5, 6, 1)),
    "two_with_strides": ([Conv2D(6, 3, strides=2), Conv2D(7, 2, strides=2)], (11, 12, 3)),
    "two_with_dilation": ([Conv2D(6, 3), Conv2D(7, 3, dilation=2, padding=1)], (9, 8, 3)),
    "two_with_gaps": ([Conv2D(6, 1), Conv2D(7, 2, strides=3)], (8, 9, 3)),
    "two_with_groups": ([Conv2D(6, 3, padding=1), Conv2D(9, 3, groups=3)], (6, 5, 3)),
    "two_depthwise": ([Conv2D(6, 3), Conv2D(6, 3, groups=6, strides=2)], (9, 8, 3)),
    "two_with_kernels_of_one": ([Conv2D(33, 1), Conv2D(17, 1)], (4, 5, 6)),
    "three": ([Conv2D(16, 3), Conv2D(33, 3), Conv2D(6, 3)], (9, 8, 3)),
    "no_bias": ([Conv2D(6, 3, bias=False), Conv2D(5, 2, bias=False)], (6, 5, 3)),
}

# 3 x 3 and many channels: see winograd.pxi
WINOGRAD = {
    "winograd_one_tile": ([Conv2D(32, 3)], (6, 6, 32)),
    "winograd_many_tiles": ([Conv2D(44, 3)], (17, 14, 35)),
    "winograd_same": ([Conv2D(64, 3, padding="same")], (7, 7, 33)),
    "winograd_uneven_padding": ([Conv2D(32, 3), Conv2D(36, 3, padding=(0, 2))], (9, 8, 24)),
    "winograd_two": ([Conv2D(36, 3), Conv2D(72, 3, padding="same"), MaxPool2D(2)], (9, 8, 32)),
    "winograd_no_bias": ([Conv2D(32, 3, bias=False), Conv2D(32, 3)], (10, 9, 32)),
    "winograd_norms": (
        [
            Conv2D(32, 3, bias=False, activation="identity"),
            BatchNorm(),
            Activation("gelu"),
            Conv2D(40, 3, padding=1, activation="identity"),
            BatchNorm(),
        ],
        (12, 9, 32),
    ),
    "winograd_residual": (
        [Conv2D(32, 1), Residual([Conv2D(32, 3, padding="same"), SpatialDropout(0.2)])],
        (7, 8, 5),
    ),
}

POOLS = {
    "max": ([Conv2D(6, 3), MaxPool2D()], (8, 8, 3)),
    "max_drops_the_edge": ([Conv2D(6, 2), MaxPool2D(2)], (8, 6, 3)),
    "max_keeps_the_edge": ([Conv2D(6, 2), MaxPool2D(2, padding="same")], (8, 6, 3)),
    "max_of_overlapping": ([Conv2D(17, 2), MaxPool2D(3, strides=2)], (8, 9, 3)),
    "max_of_overlapping_same": ([Conv2D(17, 2), MaxPool2D(3, 1, padding="same")], (6, 7, 3)),
    "max_with_gaps": ([Conv2D(6, 2), MaxPool2D(2, strides=3)], (9, 10, 3)),
    "max_uneven": ([Conv2D(6, 2), MaxPool2D((1, 3), strides=(2, 1))], (6, 7, 3)),
    "max_of_the_input": ([MaxPool2D(2), Conv2D(5, 2)], (7, 8, 3)),
    "max_of_one": ([Conv2D(5, 2), MaxPool2D(1)], (4, 5, 3)),
    "max_twice": ([Conv2D(5, 2), MaxPool2D(2), MaxPool2D(2)], (9, 10, 3)),
    "average": ([Conv2D(6, 3), AvgPool2D()], (8, 8, 3)),
    "average_drops_the_edge": ([Conv2D(6, 2), AvgPool2D(2)], (8, 6, 3)),
    "average_keeps_the_edge": ([Conv2D(6, 2), AvgPool2D(2, padding="same")], (8, 6, 3)),
    "average_of_overlapping": ([Conv2D(17, 2), AvgPool2D(3, 2, padding="same")], (8, 9, 3)),
    "average_with_gaps": ([Conv2D(6, 2), AvgPool2D(2, strides=3)], (9, 10, 3)),
    "average_of_the_input": ([AvgPool2D(2), Conv2D(5, 2)], (7, 8, 3)),
    "global_max": ([Conv2D(17, 3), GlobalMaxPool2D()], (5, 7, 3)),
    "global_average": ([Conv2D(17, 3), GlobalAvgPool2D(), Dense(5)], (5, 7, 3)),
    "global_average_of_a_pixel": ([Conv2D(6, 3), GlobalAvgPool2D()], (3, 3, 3)),
    "norm_pool": ([Conv2D(21, 2), BatchNorm(), MaxPool2D(2)], (8, 10, 3)),
    "norm_relu_pool": (
        [
            Conv2D(6, 2),
            BatchNorm(scale=False),
            Activation("relu"),
            MaxPool2D((2, 3), padding="same"),
        ],
        (9, 12, 3),
    ),
    "norm_pool_of_overlapping": ([Conv2D(6, 2), BatchNorm(), MaxPool2D(3, 2)], (8, 10, 3)),
    "norm_pool_of_the_input": ([BatchNorm(), MaxPool2D(2), Conv2D(5, 2)], (7, 8, 3)),
    "norm_pool_twice": (
        [Conv2D(5, 2), BatchNorm(), MaxPool2D(2), BatchNorm(), MaxPool2D((1, 2))],
        (8, 13, 3),
    ),
    "pool_then_same": ([Conv2D(6, 3), MaxPool2D(2), Conv2D(7, 3, padding="same")], (8, 9, 1)),
}

OTHERS = {
    "dense_on_an_image": ([Dense(5)], (4, 3, 2)),
    "flatten": ([Conv2D(6, 3), Flatten(), Dense(7)], (5, 6, 3)),
    "flatten_of_the_input": ([Flatten(), Dense(7)], (3, 4, 2)),
    "activation_in_place": ([Conv2D(6, 3, activation="identity"), Activation("tanh")], (5, 6, 3)),
    "activation_beside": ([Conv2D(6, 3, activation="mish"), Activation("gelu")], (5, 6, 3)),
    "activation_of_the_input": ([Activation("tanh"), Conv2D(6, 3)], (5, 6, 3)),
    "activation_after_pool": (
        [Conv2D(6, 3, activation="identity"), MaxPool2D(2), Activation("relu"), Conv2D(5, 2)],
        (8, 8, 1),
    ),
    "leaky_pool": ([Conv2D(6, 3, activation="leaky_relu"), MaxPool2D(2)], (8, 8, 1)),
    "logistic_pool": ([Conv2D(6, 3, activation="logistic"), AvgPool2D(2)], (8, 8, 1)),
    "batch_norm": ([Conv2D(6, 3, activation="identity"), BatchNorm()], (5, 6, 3)),
    "batch_norm_of_the_input": ([BatchNorm(), Conv2D(5, 2)], (5, 4, 3)),
    "batch_norm_dense": ([Dense(17, activation="identity"), BatchNorm(), Dense(5)], (3, 4, 2)),
    "batch_norm_pool": (
        [Conv2D(17, 3, bias=False), MaxPool2D(2), BatchNorm(), Activation("gelu")],
        (8, 7, 3),
    ),
    "batch_norm_twice": (
        [
            Conv2D(6, 3, activation="identity"),
            BatchNorm(momentum=0.3),
            Activation("relu"),
            Conv2D(7, 2, activation="identity"),
            BatchNorm(epsilon=0.1),
            Activation("relu"),
        ],
        (7, 6, 3),
    ),
    "batch_norm_without_scale": (
        [
            Conv2D(6, 3, bias=False, activation="identity"),
            BatchNorm(scale=False, bias_lr_multiplier=5.0),
            Activation("gelu"),
        ],
        (7, 6, 3),
    ),
    "layer_norm": ([Conv2D(17, 3), LayerNorm(), Conv2D(5, 2)], (6, 5, 3)),
    "layer_norm_of_the_input": ([LayerNorm(), Conv2D(5, 2)], (5, 4, 6)),
    "layer_norm_dense": ([Dense(17), LayerNorm(epsilon=0.1), Dense(5)], (3, 4, 2)),
    "residual": ([Conv2D(6, 3), Residual([Conv2D(6, 3, padding="same")])], (6, 7, 3)),
    "residual_of_the_input": ([Residual([Conv2D(3, 3, padding="same")]), Conv2D(5, 2)], (5, 6, 3)),
    "residual_dense": ([Dense(9), Residual([Dense(5), Dense(9)]), Dense(4)], (3, 4, 2)),
    "residual_in_a_residual": (
        [
            Conv2D(6, 2),
            Residual(
                [
                    Conv2D(6, 3, padding="same"),
                    Residual([Conv2D(6, 1, activation="tanh")]),
                    Activation("mish"),
                ]
            ),
            MaxPool2D(2),
        ],
        (7, 8, 3),
    ),
    "residual_before_norm": (
        [
            Conv2D(17, 3, activation="identity"),
            Residual(
                [
                    BatchNorm(),
                    Activation("relu"),
                    Conv2D(17, 3, padding="same", activation="identity"),
                ]
            ),
            BatchNorm(),
            Activation("relu"),
            GlobalAvgPool2D(),
        ],
        (6, 7, 3),
    ),
    "transposed": ([Conv2D(6, 2), Transposed([Conv2D(7, 1), Conv2D(20, 1)])], (5, 6, 3)),
    "transposed_of_the_input": ([Transposed([Conv2D(20, 1)]), Conv2D(3, 2)], (5, 4, 3)),
    "transposed_blocks": (
        [Conv2D(33, 3), Transposed([Conv2D(17, 1), Conv2D(64, 1, activation="tanh")])],
        (10, 10, 3),
    ),
    "transposed_channel": ([Conv2D(1, 2), Transposed([Conv2D(6, 1)])], (3, 4, 2)),
    "transposed_place": ([Conv2D(9, (3, 4)), Transposed([Conv2D(1, 1)])], (3, 4, 2)),
    "transposed_twice": (
        [Conv2D(17, 2), Transposed([Transposed([Conv2D(17, 1)]), Activation("gelu")])],
        (5, 6, 3),
    ),
    "transposed_norms": (
        [Conv2D(6, 2), Transposed([LayerNorm(), BatchNorm(), Activation("silu")])],
        (5, 6, 3),
    ),
    "two_residuals": (
        [
            Conv2D(6, 2),
            Residual([Conv2D(6, 1)]),
            Residual([Conv2D(6, 3, padding="same"), LayerNorm()]),
        ],
        (5, 6, 3),
    ),
}

DROPOUTS = {
    "dropout": ([Conv2D(6, 3), Dropout(0.4), Dense(7), Dropout(0.5)], (5, 6, 3)),
    "dropout_of_the_input": ([Dropout(0.3), Conv2D(6, 3)], (5, 6, 3)),
    "spatial_dropout": ([Conv2D(17, 3), SpatialDropout(0.4), Conv2D(5, 2)], (6, 7, 3)),
    "spatial_dropout_of_the_input": ([SpatialDropout(0.3), Conv2D(6, 3)], (5, 6, 6)),
    "dropout_after_pool": ([Conv2D(6, 3), MaxPool2D(2), Dropout(0.5), Conv2D(5, 2)], (8, 9, 3)),
    "dropout_in_a_residual": (
        [Conv2D(6, 2), Residual([Conv2D(6, 1), SpatialDropout(0.5), Dropout(0.2)])],
        (5, 6, 3),
    ),
    "dropout_of_the_transposed": (
        [Conv2D(17, 2), Transposed([SpatialDropout(0.3), Conv2D(20, 1), Dropout(0.2)])],
        (5, 6, 3),
    ),
    "dropout_before_norm": (
        [Conv2D(6, 3), SpatialDropout(0.3), BatchNorm(), Dropout(0.2)],
        (6, 5, 3),
    ),
}

NETWORKS = {
    "le_net": (
        [
            Conv2D(6, 5, padding="same"),
            MaxPool2D(2),
            Conv2D(16, 5),
            MaxPool2D(2),
            Flatten(),
            Dense(120),
            Dense(84),
        ],
        (28, 28, 1),
    ),
    "three_convolutions": (
        [
            Conv2D(32, 3),
            MaxPool2D(2),
            Conv2D(64, 3),
            MaxPool2D(2),
            Conv2D(64, 3),
            Flatten(),
            Dense(64),
        ],
        (22, 22, 3),
    ),
    "mixer": (
        [
            Conv2D(32, 4, strides=4, padding="same", activation="identity"),
            *mixer((40, 42), 65, 32),
            *mixer((16, 42), 17, 32),
            LayerNorm(),
            GlobalAvgPool2D(),
        ],
        (24, 26, 3),
    ),
    "everything": (
        [
            Conv2D(16, 3, padding="same", activation="identity"),
            BatchNorm(),
            Activation("gelu"),
            MaxPool2D(2),
            Residual([Conv2D(16, 1), SpatialDropout(0.2), LayerNorm()]),
            Conv2D(24, 3, strides=2, padding="same", groups=2),
            AvgPool2D(2, padding="same"),
            Dropout(0.2),
            Flatten(),
            Dense(33),
        ],
        (14, 13, 3),
    ),
}

PLAIN = {**CONVOLUTIONS, **POOLS, **OTHERS, **TABLES}
SMALL = {**PLAIN, **WINOGRAD, **DROPOUTS}
ALL = {**SMALL, **NETWORKS}


def has(layers, kind):
    """Whether a list of layers has one of a kind, inside of residuals too."""
    return any(
        type(layer).__name__ == kind or has(getattr(layer, "layers", []), kind) for layer in layers
    )
