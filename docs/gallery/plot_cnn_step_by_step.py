"""
A convolutional network, step by step
=====================================

An image on its way through a trained network: convolution, ReLU, pooling, flattening, dense layers.
"""

# %%
# A network with one layer of each kind. The ReLU is a layer of its own, so that its input and output can be shown.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknn import CNNClassifier
from sknn.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)
net = CNNClassifier(
    layers=[
        Conv2D(8, 3, padding="same", activation="identity"),
        Activation("relu"),
        MaxPool2D(2),
        Flatten(),
        Dense(32),
    ],
    random_state=0,
)
net.fit(X_train, y_train)
print(net.summary())
print(f"\naccuracy on {len(y_test)} images: {net.score(X_test, y_test):.3f}")

# %%
# **Convolution.** A filter of 3 x 3 weights covers nine pixels, multiplies each by its weight and sums up: one number, large where the
# pixels look like the filter. The same filter then moves on by one pixel. That is all, written in NumPy:

image = X_test[y_test == 4][0]
x = (image - net.channel_means_[0]) / net.channel_scales_[0]
padded = np.pad(x, 1)  # "same": zeros around the image keep its size
W, b = net.coefs_[0][:, :, 0], net.intercepts_[0]  # (3, 3, filters), (filters,)
convolved = np.zeros((8, 8, 8))
for i in range(8):
    for j in range(8):
        convolved[i, j] = np.tensordot(padded[i : i + 3, j : j + 3], W, axes=2) + b

# %%
# **ReLU** keeps positive values and sets the rest to zero: "found here" or nothing. **Pooling** keeps the maximum of every 2 x 2
# pixels: *that* something was found counts, the exact pixel does not. **Flatten** makes one vector of the maps. An MLP on these 128
# values follows: a **dense** layer with ReLU, and the output layer, whose softmax gives the probabilities.

rectified = np.maximum(convolved, 0)
pooled = rectified.reshape(4, 2, 4, 2, 8).max(axis=(1, 3))
row = pooled.reshape(-1)
hidden = np.maximum(row @ net.coefs_[1] + net.intercepts_[1], 0)
logits = hidden @ net.coefs_[2] + net.intercepts_[2]
probabilities = np.exp(logits - logits.max())
probabilities /= probabilities.sum()

difference = np.abs(probabilities - net.predict_proba(image[np.newaxis])[0]).max()
print(f"largest difference of the probabilities from the network's: {difference:.0e}")

# %%
# The same as a picture, one row for each of the eight filters (red weights are positive, blue ones negative), from left to right.


def show(ax, values, **style):
    ax.imshow(values, **style)
    ax.set(xticks=[], yticks=[])


def draw_steps(fig, image, filters, maps):
    """The image, then for each filter a row: the filter, and each of `maps` (name -> (h, w, filters))."""
    n_filters = filters.shape[-1]
    grid = fig.add_gridspec(n_filters, 2 + len(maps), width_ratios=[2, *[1] * (1 + len(maps))])
    first = fig.add_subplot(grid[n_filters // 2 - 2 : n_filters // 2 + 2, 0])
    show(first, image, cmap="gray_r")
    first.set_title("image")
    limit = np.abs(filters).max()
    for k in range(n_filters):
        panels = [fig.add_subplot(grid[k, 1 + column]) for column in range(1 + len(maps))]
        show(panels[0], filters[..., k], cmap="RdBu_r", vmin=-limit, vmax=limit)
        for ax, values in zip(panels[1:], maps.values(), strict=True):
            most = np.abs(values).max()
            signed = values.min() < 0
            style = {"cmap": "RdBu_r", "vmin": -most} if signed else {"cmap": "viridis", "vmin": 0}
            show(ax, values[..., k], vmax=most, **style)
        if k == 0:
            for ax, name in zip(panels, ["filter", *maps], strict=True):
                ax.set_title(name)


fig = plt.figure(figsize=(9, 8), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=[2.4, 1.6])
draw_steps(left, image, W, {"convolved": convolved, "ReLU": rectified, "pooled": pooled})
axes = right.subplots(1, 3, width_ratios=[1, 1, 2.2])
for ax, values, name in zip(axes, [row, hidden], ["flat", "dense"], strict=False):
    ax.imshow(values[:, np.newaxis], aspect="auto", cmap="viridis")
    ax.set(xticks=[], title=name, ylabel=f"{len(values)} values", yticks=[])
axes[2].barh(range(10), probabilities)
axes[2].set(title="output", xlabel="probability", yticks=range(10), xlim=(0, 1))
axes[2].invert_yaxis()

# %%
# `feature_maps` and `transform` return these values for any layer. Four digits after each of the three steps of the convolutional
# part, for the filter whose maps differ most from digit to digit:

shown = [np.flatnonzero(y_test == digit)[1] for digit in (0, 1, 4, 7)]
steps = {
    "image": X_test[shown],
    **{
        name: net.feature_maps(X_test[shown], layer=number)
        for number, name in enumerate(["convolved", "ReLU", "pooled"], start=1)
    },
}
busiest = steps["pooled"].std(axis=0).mean(axis=(0, 1)).argmax()
fig, axes = plt.subplots(4, 4, figsize=(6, 6), layout="constrained")
for column, (name, values) in zip(axes.T, steps.items(), strict=True):
    column[0].set_title(name)
    values = values if values.ndim == 3 else values[..., busiest]
    for ax, one in zip(column, values, strict=True):
        show(ax, one, cmap="gray_r" if name == "image" else "viridis")

plt.show()
