"""
What an MLP-Mixer learns about neighboring patches
==================================================

An MLP-Mixer on handwritten digits: dense layers do not know which patches of an image are neighbors. What does the network learn about them?
"""

# %%
# The image is divided into patches, here of a single pixel each, so that there are 64 of them. Each block has two small MLPs: one over the
# patches, the same for every channel, and one over the channels, the same for every patch.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknn import MLPMixerClassifier
from sknn.augmentation import Augmentation

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)
net = MLPMixerClassifier(
    patch_size=1,
    n_blocks=2,
    hidden_dim=32,
    tokens_mlp_dim=32,
    channels_mlp_dim=64,
    augmentation=Augmentation(shift=1),
    alpha=0.3,
    learning_rate_init=0.006,
    max_iter=40,
    random_state=0,
)
net.fit(X_train, y_train)
print(f"accuracy on {len(y_test)} images: {net.score(X_test, y_test):.3f}")

# %%
# Its layers. A residual layer adds the output of its MLP to its input.

print(net.summary())

# %%
# The weights of each hidden unit of the first block for the 64 patches, drawn at their positions in the image: red is positive, blue negative.
# The first array of `coefs_` belongs to the patches, the second to a normalization, the third to these units.


def draw(weights, title):
    """One panel for each hidden unit, the largest weights first."""
    units = np.moveaxis(weights.reshape(8, 8, -1), 2, 0)
    units = units[np.argsort(-np.abs(units).max(axis=(1, 2)))]
    limit = np.abs(units).max()
    fig, axes = plt.subplots(4, 8, figsize=(8, 4.4), layout="constrained")
    for ax, unit in zip(axes.flat, units, strict=True):
        ax.imshow(unit, cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.axis("off")
    fig.suptitle(title)
    return fig


fig = draw(net.coefs_[2], "token mixing: weights of the units of block 1")

# %%
# To see what is learned, compare with the weights before training: `max_iter=1` and a tiny learning rate.

untrained = clone(net).set_params(max_iter=1, learning_rate_init=1e-9)
untrained.fit(X_train, y_train)
fig = draw(untrained.coefs_[2], "the same before training")

# %%
# How similar are the weights of two patches, depending on their distance? Correlations over the units of both blocks. Before training there are
# none. After training, neighbors are treated alike: a convolution is built that way, a mixer has learned it from shifted digits.


def correlation_by_distance(net):
    """Mean correlation of the weights of patches at each distance."""
    # arrays 2 and 8: a block has two normalizations and four dense layers
    weights = np.hstack([net.coefs_[i].reshape(64, -1) for i in (2, 8)])
    correlation = np.corrcoef(weights)
    positions = np.indices((8, 8)).reshape(2, 64)
    distance = np.hypot(*(positions[:, :, None] - positions[:, None]))
    steps = np.arange(1, 8)
    return steps, [correlation[np.abs(distance - step) < 0.5].mean() for step in steps]


fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(*correlation_by_distance(net), "o-", label="trained")
ax.plot(*correlation_by_distance(untrained), "o--", color="gray", label="before training")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="distance of two patches", ylabel="correlation of their weights")
ax.legend(frameon=False)
ax.grid(alpha=0.3)

plt.show()
