"""Families of networks: which layers the parameters of an estimator mean, and how its X enters.

An estimator has one as `_family`. A family has no state: it reads the parameters and fitted attributes of
the estimator that it is asked about.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from sklearn.base import clone

from sknn._ranges import MAX_COUNT
from sknn.initializers import whitening
from sknn.inputs.dense import DenseInput
from sknn.inputs.images import ImageInput
from sknn.layers import Dense
from sknn.layers._shapes import of_layers
from sknn.network import Network, multilayer_perceptron
from sknn.network.mixer import mixer_layers
from sknn.network.parsing import parse_activations, parse_dropout, parse_hidden_layer_sizes
from sknn.presets import ConvNet

#: samples of a mini-batch of images where ``batch_size="auto"``
IMAGE_BATCH_SIZE = 64
#: (most samples, epochs) where ``max_iter="auto"``; the smallest data have one number of epochs, so
#: that a sample that weighs 2 is trained as long as one that is there twice
AUTO_EPOCHS = ((1_000, 100), (10_000, 40), (30_000, 10), (float("inf"), 5))
#: iterations of "lbfgs" where ``max_iter="auto"``
AUTO_ITERATIONS = 200


class NetworkFamily(ABC):
    """Base of the families: what they say where they say nothing else."""

    takes_images = False
    #: samples of a mini-batch where ``batch_size="auto"``
    auto_batch_size: int
    #: data in a single batch train in double precision if an epoch is less work than this
    double_flops: float
    #: parameters that predictions read
    read_parameters: tuple[str, ...] = ("n_threads",)
    #: fitted attributes that hold the weights
    arrays: tuple[str, ...] = ("coefs_", "intercepts_")

    @abstractmethod
    def input(self, net, new=False) -> DenseInput:
        """The input, with what was learned about it unless it is `new`."""

    @abstractmethod
    def architecture(self, net) -> tuple:
        """What the parameters say about the hidden layers, checked: one entry each in its first item."""

    @abstractmethod
    def network(self, net, dtype, sparse=False) -> Network:
        """The fitted Network in a precision, for dense samples or CSR ones."""

    @abstractmethod
    def end_of(self, network, number) -> tuple[int, tuple[int, ...]]:
        """(number of ops, shape) after which the values of a hidden layer are there; 0 is the input."""

    def epochs(self, net, n_samples):
        """Maximum number of epochs over that many samples."""
        return min(int(net.max_iter), MAX_COUNT)

    @abstractmethod
    def learn(self, net, network, input_, data, samples):
        """Learn from the training samples of a first fit what is done to X."""

    def training_options(self, net):
        """More that the engine's Trainer is told about its input."""
        return {}

    def needs_steps(self, net):
        """What L-BFGS, which minimizes one fixed function, cannot have: a name, or ""."""
        return ""

    def averages_views(self, net):
        """Whether predictions are averages over views of each image."""
        return False


class MLPFamily(NetworkFamily):
    """Multilayer perceptrons on rows of features."""

    auto_batch_size = 200
    #: scikit-learn's checks of weights compare fits of up to 5.3e5 to the seventh digit; more costs time
    double_flops = 6e5

    def input(self, net, new=False):
        return DenseInput(None if new else net.n_features_in_)

    def architecture(self, net):
        """(sizes, activations, dropout)"""
        sizes = parse_hidden_layer_sizes(net.hidden_layer_sizes)
        return (
            sizes,
            parse_activations(net.activation, len(sizes)),
            parse_dropout(net.dropout, len(sizes)),
        )

    def network(self, net, dtype, sparse=False):
        sizes, activations, dropout = net._architecture_
        layers = multilayer_perceptron(sizes, net.n_outputs_, activations, dropout)
        return Network(layers, net.n_features_in_, dtype, sparse)

    def end_of(self, network, number):
        # dense and dropout make a hidden layer; the dropout of the input comes before them
        return network.ends[2 * number]

    def learn(self, net, network, input_, data, samples):
        """Nothing: samples enter as they are."""


class ImageFamily(NetworkFamily):
    """Base of the networks on images."""

    takes_images = True
    auto_batch_size = IMAGE_BATCH_SIZE
    read_parameters = ("n_threads", "channels_first", "test_time_augmentation", "augmentation")

    def input(self, net, new=False):
        if new:
            return ImageInput(None, net.channels_first, image_shape=net.image_shape)
        return ImageInput(
            net.image_shape_, net.channels_first, net.channel_means_, net.channel_scales_
        )

    def all_layers(self, net):
        """The fitted layers with the output layer."""
        return [*net._architecture_[0], Dense(net.n_outputs_, activation="identity")]

    def network(self, net, dtype, sparse=False):
        activation = net._architecture_[1]
        return Network(self.all_layers(net), net.image_shape_, dtype, sparse, activation)

    def end_of(self, network, number):
        return network.ends[number - 1] if number else (0, network.input_shape)

    def epochs(self, net, n_samples):
        if net.max_iter != "auto":
            return super().epochs(net, n_samples)
        if net.solver == "lbfgs":
            return AUTO_ITERATIONS
        return next(epochs for most, epochs in AUTO_EPOCHS if n_samples <= most)

    def learn(self, net, network, input_, data, samples):
        """Learn the scale of each channel, and filters that whiten patches where the first layer asks."""
        input_.learn(data, samples, net.standardize)
        vars(net).update(input_.attributes)
        first = network.plan.parameters[0]
        if first.rule == "whitening":
            patches = input_.patches(data.X, samples, first.shape[:2])
            net.coefs_[0] = whitening(patches, first.shape[3]).astype(network.dtype)

    def training_options(self, net):
        if net.augmentation is None:
            return {}
        net.augmentation.validate(net.image_shape_)
        return {"augmentation": net.augmentation.lower(net.image_shape_)}

    def needs_steps(self, net):
        if net.augmentation is not None:
            return "augmentation"
        layers = every_layer(net._architecture_[0])
        # parts of Columns may be None
        return next((repr(one) for one in layers if getattr(one, "_depends_on_step", False)), "")

    def averages_views(self, net):
        return net.test_time_augmentation


class CNNFamily(ImageFamily):
    """Convolutional networks: layers that are given, or a plain architecture."""

    double_flops = 1e8
    arrays = ("coefs_", "intercepts_", "batch_means_", "batch_variances_")

    def architecture(self, net):
        """(hidden layers, activation of those that name none)."""
        layers, sizes = ConvNet() if net.layers is None else net.layers, net.hidden_layer_sizes
        if hasattr(layers, "hidden_layers"):
            if sizes is not None:
                layers = clone(layers).set_params(hidden_layer_sizes=sizes)
            return layers.hidden_layers(net.image_shape_, net.activation), net.activation
        dense = [Dense(units) for units in parse_hidden_layer_sizes(() if sizes is None else sizes)]
        # whether one fits on the other, the network says
        return [clone(layer) for layer in of_layers(layers)] + dense, net.activation


class MixerFamily(ImageFamily):
    """MLP-Mixers."""

    double_flops = 3e8

    def architecture(self, net):
        """(hidden layers, activation of those that name none)."""
        return mixer_layers(net.image_shape_, net), net.activation


def every_layer(layers) -> Iterator:
    """The layers, and those inside of others."""
    for layer in layers:
        yield layer
        yield from every_layer(getattr(layer, "layers", ()))
