"""
Data augmentation
=================

Training images are shifted, rotated, resized and partly covered: what they look like, and what that is worth.
"""

# %%
# An :class:`~sknn.augmentation.Augmentation` changes every image in every epoch, as the engine gathers it; the views are not
# stored. A trick shows them: a linear network with zero weights learns in its first step of gradient descent exactly the
# image that it saw. (The gradient of the squared error is the error, here -1, times the input.)

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, load_sample_image

from sknn import CNNRegressor
from sknn.augmentation import Augmentation
from sknn.layers import Flatten
from sknn.optimizers import SGD


def views(image, augmentation, n_views):
    """What the network sees of an image in successive epochs."""
    net = CNNRegressor(
        layers=[Flatten()], solver=SGD(momentum=0), learning_rate_init=1, alpha=0,
        standardize=False, augmentation=augmentation, random_state=0,
    )  # fmt: skip
    net.partial_fit(image[np.newaxis], [1])
    for _ in range(n_views):
        net.set_weights([np.zeros_like(array) for array in net.get_weights()])
        net.partial_fit(image[np.newaxis], [1])
        yield net.coefs_[0].reshape(image.shape)


photo = load_sample_image("flower.jpg")[:400:4, 150:550:4] / 255
examples = {
    "shift=12": Augmentation(shift=12),
    "shift=12,\nreflected": Augmentation(shift=12, padding_mode="reflect"),
    'flip\n"alternate"': Augmentation(horizontal_flip="alternate"),
    "rotation=20": Augmentation(rotation=20, padding_mode="reflect"),
    "scaling=0.3": Augmentation(scaling=0.3, padding_mode="reflect"),
    "cutout=30": Augmentation(cutout=30),
    "all of them": Augmentation("alternate", 12, "reflect", 30, 20, 0.3),
}
fig, axes = plt.subplots(len(examples), 7, figsize=(9, 9.5), layout="constrained")
for row, (name, augmentation) in zip(axes, examples.items(), strict=True):
    for ax, image in zip(row, [photo, *views(photo, augmentation, 6)], strict=True):
        ax.imshow(image.clip(0, 1))
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize="small")
axes[0, 0].set_title("the image", fontsize="small")
for number in range(1, 7):
    axes[0, number].set_title(f"view {number}", fontsize="small")

# %%
# The cutout has the value 0 of the standardized images, their mean; here nothing is standardized, so it is black.
#
# Digits may be shifted by a pixel, rotated and resized a little, but not mirrored: a mirrored 2 is no 2.

digits = load_digits()
careful = Augmentation(shift=1, rotation=12, scaling=0.1)
fig, axes = plt.subplots(3, 10, figsize=(9, 2.9), layout="constrained")
axes[0, 0].set_title("the image", fontsize="small")
for row, image in zip(axes, digits.images[[2, 4, 5]], strict=True):
    for ax, view in zip(row, [image, *views(image, careful, 9)], strict=True):
        ax.imshow(view, cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])

# %%
# What it is worth: two networks that differ only in their augmentation learn from half of the digits. They are tested on the other half,
# as it is and shifted by a pixel or two, which is much at a size of 8 pixels. On the centered digits both are nearly
# equally good; on shifted ones only the network that has seen such views.

import time

from sklearn.model_selection import train_test_split

from sknn import CNNClassifier


def shifted(images, steps):
    """Images shifted to the right by that many pixels; what leaves them is lost."""
    columns = np.arange(8) - steps
    inside = (columns >= 0) & (columns < 8)
    return np.where(inside, images[:, :, columns.clip(0, 7)], 0)


X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, test_size=0.5, random_state=0
)
steps = [-2, -1, 0, 1, 2]
fig, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
for name, augmentation in {"without augmentation": None, "with augmentation": careful}.items():
    net = CNNClassifier(augmentation=augmentation, random_state=0)
    start = time.perf_counter()
    net.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    scores = [net.score(shifted(X_test, step), y_test) for step in steps]
    print(f"{name:20}: {scores[2]:.3f} as they are, fit {seconds:.1f} s")
    ax.plot(steps, scores, "o-", label=name)
ax.set(xlabel="pixels shifted to the right", ylabel="accuracy", xticks=steps, ylim=(0, 1.02))
ax.legend(loc="lower center")
ax.grid(alpha=0.3)

plt.show()
