"""
Convolution, ReLU and max pooling by hand
=========================================

A filter moved over an image: what a convolution, ReLU and max pooling compute, number by number.
"""

# %%
# A cross of 9 × 9 pixels, white 1 and black −1, and a filter of 3 × 3 that looks for a stroke from the upper left to the lower right.

import matplotlib.pyplot as plt
import numpy as np

from sknn.teaching.filtering import match, max_pool, relu

cross = np.full((9, 9), -1)
i = np.arange(1, 8)
cross[i, i] = cross[i, 8 - i] = 1
stroke = 2 * np.eye(3, dtype=int) - 1


def draw(ax, values, title, digits=2):
    """An image with its numbers, truncated after two digits as on a slide."""
    picture = ax.imshow(values, cmap="RdBu_r" if digits else "gray", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        number = f"{np.trunc(10**digits * value) / 10**digits + 0.0:.{digits}f}"
        dark = np.mean(picture.to_rgba(value)[:3]) < 0.4
        color = "white" if dark else "black"
        ax.text(column, row, number, ha="center", va="center", fontsize=8, color=color)
    ax.set_title(title, fontsize="medium")
    ax.set(xticks=[], yticks=[])


fig, axes = plt.subplots(
    1, 2, figsize=(6.2, 4), layout="constrained", gridspec_kw={"width_ratios": [9, 3]}
)
draw(axes[0], cross, "image", digits=0)
draw(axes[1], stroke, "filter", digits=0)

# %%
# At each position the nine pixels under the filter are multiplied by its weights, and the mean of the products says how well it fits: 1 where
# all agree. Three positions: a perfect fit, the center, where two pixels of the other stroke disturb, and one on the other stroke.

positions = {"on the stroke": (1, 1), "at the center": (3, 3), "on the other stroke": (1, 5)}
fig, axes = plt.subplots(3, 4, figsize=(8, 6.4), layout="constrained")
for row, (name, (r, c)) in zip(axes, positions.items(), strict=True):
    patch = cross[r : r + 3, c : c + 3]
    row[0].imshow(cross, cmap="gray")
    row[0].add_patch(plt.Rectangle((c - 0.5, r - 0.5), 3, 3, fill=False, edgecolor="C3", lw=2))
    row[0].set_title(name, fontsize="medium")
    row[0].set(xticks=[], yticks=[])
    draw(row[1], patch, "pixels", digits=0)
    draw(row[2], stroke, "filter", digits=0)
    products = patch * stroke
    draw(row[3], products, f"products: {products.sum()} / 9 = {products.mean():.3f}", digits=0)

# %%
# All 49 positions: the feature map of the filter. It is large where the feature is.

found = match(cross, stroke)
best = max_pool(relu(found), 2)
fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
draw(axes[0], found, "where is this feature?")
draw(axes[1], relu(found), "ReLU: what does not fit is 0")
draw(axes[2], best, "max pooling: the maximum of 2 × 2")

# %%
# Pooling halves the map and keeps what was found; seven rows and columns are padded with zeros to eight. The numbers are those of a
# lecture, which truncates 0.777… to 0.77. Where two maps printed for this example disagree, the one computed here is right.
#
# Three filters find the parts of the cross: two strokes and the crossing.

crossing = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]])
filters = {"stroke": stroke, "crossing": crossing, "other stroke": stroke[:, ::-1]}
# sphinx_gallery_thumbnail_number = 4
fig, axes = plt.subplots(2, 3, figsize=(8, 5.6), layout="constrained")
for (above, below), (name, filter) in zip(axes.T, filters.items(), strict=True):
    draw(above, filter, name, digits=0)
    below.imshow(match(cross, filter), cmap="RdBu_r", vmin=-1, vmax=1)
    below.set(xticks=[], yticks=[])

# %%
# A convolutional network computes the same, with filters that it learns. With these weights divided by 9, its layers return the same numbers.
# :ref:`sphx_glr_auto_gallery_plot_cnn_digits.py` shows filters that were learned.

from sknn import CNNRegressor
from sknn.layers import Conv2D, MaxPool2D

layers = [Conv2D(1, 3, activation="relu"), MaxPool2D(2, padding="same")]
net = CNNRegressor(layers=layers, standardize=False, dtype="float64", max_iter=1, random_state=0)
net.fit(np.stack([cross, -cross]), [1, 0])
net.coefs_[0][:, :, 0, 0], net.intercepts_[0][:] = stroke / 9, 0
print("the same:", np.allclose(net.feature_maps(cross[None], layer=2)[0, :, :, 0], best))

plt.show()
