"""
Edge detectors
==============

Networks that learn from natural images learn what the first cells of the visual cortex respond to: edges of one orientation.
"""

# %%
# Hubel and Wiesel (1959, 1962) showed bars of light to cats and found cells that respond to bars of one orientation, at one position, and to
# hardly anything else: *simple cells*. Convolutional networks are modeled after them. Does a network learn to detect edges without being told? That
# takes natural images, such as patches of the two photographs that come with scikit-learn, and a task: here to remove noise
# (a denoising autoencoder, Vincent et al. 2010).

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

SIDE = 12
rng = np.random.default_rng(0)
photos = [photo.mean(axis=2) / 255 for photo in load_sample_images().images]


def draw_patches(n):
    """Patches of both photos, each with mean 0, all together with variance 1."""
    patches = []
    for photo in photos:
        windows = np.lib.stride_tricks.sliding_window_view(photo, (SIDE, SIDE))
        rows, columns = (rng.integers(size, size=n // 2) for size in windows.shape[:2])
        patches.append(windows[rows, columns])
    patches = np.concatenate(patches)
    patches -= patches.mean(axis=(1, 2), keepdims=True)
    return patches / patches.std()


clean = draw_patches(30_000)
noisy = clean + rng.normal(size=clean.shape)

# %%
# The network has 36 filters as large as a patch, each of which returns one value, and a linear layer that reconstructs the patch from
# these. 36 values for 144 pixels, and the penalty `alpha`, make it learn what many patches have in common.

from sknn import CNNRegressor
from sknn.layers import Conv2D

net = CNNRegressor(
    layers=[Conv2D(36, SIDE)], standardize=False, alpha=0.3, max_iter=30, random_state=0
)
net.fit(noisy, clean.reshape(len(clean), -1))
rebuilt = net.predict(noisy[:15_000:1500]).reshape(-1, SIDE, SIDE)

fig, axes = plt.subplots(3, 10, figsize=(9, 3), layout="constrained")
for row, (name, images) in zip(
    axes,
    {"photo": clean[:15_000:1500], "noisy": noisy[:15_000:1500], "reconstructed": rebuilt}.items(),
    strict=True,
):
    row[0].set_ylabel(name)
    for ax, image in zip(row, images, strict=True):
        ax.imshow(image, cmap="gray", vmin=-2.5, vmax=2.5)
        ax.set(xticks=[], yticks=[])

# %%
# Its filters: bright weights are positive, dark ones negative. Most are a bright stripe beside a dark one, which is an edge, or a
# grating of several. Horizontal and vertical ones are the most frequent: one of the photographs is full of tiled roofs. A few have no
# orientation.

from sknn.displays import FilterDisplay

# sphinx_gallery_thumbnail_number = 2
filters = FilterDisplay.from_estimator(net, common_scale=False, cmap="gray", n_columns=12)
filters.figure_.set_size_inches(9, 3)

# %%
# Now the experiment of Hubel and Wiesel: bars of light of all orientations, moved over the patch, and the strongest response of each unit to
# each orientation. In blue the same units before training, which respond to all orientations to some degree. The selectivity is 1 minus the
# circular variance: 0 for a unit that responds to all orientations alike, 1 for one that responds to a single one.

from sklearn.base import clone

angles = np.arange(0, 180, 7.5)
y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2


def bar(angle, offset):
    """A bar of light at an angle in degrees (0 is horizontal), at a distance from the middle."""
    angle = np.deg2rad(angle)
    away = x * np.sin(angle) + y * np.cos(angle) - offset
    light = np.exp(-(away**2) / 2)
    return light - light.mean()


offsets = np.linspace(-4, 4, 17)
bars = np.stack([bar(angle, offset) for angle in angles for offset in offsets])


def tuning(fitted):
    """Strongest responses of all units to all orientations, (units, angles)."""
    responses = fitted.transform(bars, layer=1).reshape(len(angles), len(offsets), -1)
    return responses.max(axis=1).T


untrained = clone(net).set_params(max_iter=1, learning_rate_init=1e-9)
untrained.fit(noisy[:200], clean[:200].reshape(200, -1))
tunings = {"before training": tuning(untrained), "after training": tuning(net)}


def selectivity(curves):
    """1 - circular variance of the orientations, of each unit."""
    rotations = np.exp(2j * np.deg2rad(angles))
    return np.abs(curves @ rotations) / np.maximum(curves.sum(axis=1), 1e-12)


fig, axes = plt.subplots(2, 6, figsize=(9, 3.6), layout="constrained", height_ratios=[1, 1.4])
chosen = np.argsort(-selectivity(tunings["after training"]))[:24:4]
for (above, below), unit in zip(axes.T, chosen, strict=True):
    above.imshow(net.coefs_[0][:, :, 0, unit], cmap="gray")
    above.set(xticks=[], yticks=[])
    for name, curves in tunings.items():
        below.plot(angles, curves[unit] / curves[unit].max(), label=name)
    below.set(xticks=[0, 90, 180], yticks=[], xlabel="orientation in degrees")
axes[1, 0].set_ylabel("response")
fig.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

for name, curves in tunings.items():
    print(f"{name}: selectivity {np.median(selectivity(curves)):.2f} (median of 36 units)")

# %%
# .. rubric:: References
#
# - \D. Hubel and T. Wiesel, "Receptive fields of single neurones in the cat's striate cortex", J. Physiol. 148, 1959, and 160, 1962.
# - \P. Vincent et al., "Stacked denoising autoencoders", JMLR 11, 2010.

plt.show()
