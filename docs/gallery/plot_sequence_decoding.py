"""
Sliding-window inference and sequence decoding
==============================================

A network trained on single digits classifies every window of an image of several digits; dynamic programming finds the most likely sequence. No segmentation is needed.
"""

# %%
# Where digits touch, segmentation needs recognition, and recognition needs segmentation. The way out (LeCun et al. 1998) is
# to classify *every* window, and to choose afterwards. Sequences are easily made of the bundled digits of 8 x 8 pixels: each begins 6 to 9 pixels
# after the one before.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)


def make_strips(images, labels, n, n_digits, rng):
    """Images (n, 8, w) of several digits, their labels, and the columns where they begin."""
    chosen = rng.integers(len(images), size=(n, n_digits))
    begins = np.cumsum(rng.integers(6, 10, size=(n, n_digits)), axis=1) - 3
    strips = np.zeros((n, 8, 9 * n_digits + 8))
    for strip, numbers, columns in zip(strips, chosen, begins, strict=True):
        for image, column in zip(images[numbers], columns, strict=True):
            window = strip[:, column : column + 8]
            np.maximum(window, image, out=window)
    return strips, labels[chosen], begins


rng = np.random.default_rng(0)
strips, labels, begins = make_strips(X_train, y_train, 3000, 3, rng)
fig, axes = plt.subplots(4, 2, figsize=(8, 4), layout="constrained")
for ax, strip in zip(axes.flat, strips, strict=False):
    ax.imshow(strip, cmap="gray_r")
    ax.set(xticks=[], yticks=[])

# %%
# The network learns from windows of 8 x 8 pixels. A window that begins at most one pixel from where a digit begins has the label of that digit. A
# window three or more pixels from all of them shows parts of digits, or background: an eleventh class, *blank*, here number 10.

from sknn import CNNClassifier
from sknn.layers import Conv2D, Dense, Flatten, MaxPool2D

BLANK = 10
windows, classes = [], []
columns = np.arange(strips.shape[2] - 7)
for strip, y, starts in zip(strips, labels, begins, strict=True):
    distance = np.abs(columns[:, np.newaxis] - starts)
    near = [rng.choice(columns[d <= 1]) for d in distance.T]
    far = rng.choice(columns[distance.min(axis=1) >= 3], 2)
    windows += [strip[:, column : column + 8] for column in (*near, *far)]
    classes += [*y, BLANK, BLANK]

net = CNNClassifier(
    layers=[Conv2D(16, 3), MaxPool2D(2), Conv2D(32, 2), Flatten(), Dense(64)], random_state=0
)
net.fit(np.stack(windows), classes)
print(net.summary())

# %%
# :meth:`~sknn.CNNClassifier.predict_windows` classifies every window of longer sequences of new digits. Its dense layers become convolutions,
# so that all windows cost one forward pass; after one pooling by 2 they are 2 pixels apart. :func:`~sknn.teaching.decoding.best_path` then
# finds the best sequence of digits at least 5 pixels, hence 3 windows, apart. It need not know how many there are.

from sknn.teaching.decoding import best_path

test_strips, test_labels, test_begins = make_strips(X_test, y_test, 1000, 7, rng)
found = net.predict_windows(test_strips)
print(f"windows begin at the columns {found.columns[:4]}, ..., {found.columns[-1]}")


def decode(probabilities, n_symbols=None):
    """Windows and digits of one image."""
    return best_path(probabilities[0], blank=BLANK, min_distance=3, n_symbols=n_symbols)


fig, axes = plt.subplots(4, 1, figsize=(9, 7.2), layout="constrained", height_ratios=[1, 1.6] * 2)
for number, (above, below) in enumerate(axes.reshape(2, 2)):
    strip, p = test_strips[number], found.probabilities[number]
    at, symbols = decode(p)
    above.imshow(strip, cmap="gray_r", aspect="auto")
    for column, digit in zip(found.columns[at] + 3.5, symbols, strict=True):
        above.text(column, -1.2, str(digit), ha="center", color="C3", fontsize="large")
        above.axvline(column, ymin=0.96, color="C3")
    edges = found.columns[0] + 2.5, found.columns[-1] + 4.5
    below.imshow(p[0].T, aspect="auto", extent=(*edges, 10.5, -0.5), vmin=0, vmax=1)
    below.plot(found.columns[at] + 3.5, symbols, "o", mfc="none", mec="C3", ms=11)
    below.set_xlim(above.get_xlim())
    below.set(yticks=range(11), yticklabels=[*map(str, range(10)), "blank"])
    above.set(xticks=[], yticks=[])
    below.set(ylabel="class", xlabel="middle of the window, pixel")

# sphinx_gallery_thumbnail_number = 2

# %%
# The probability of each class in each window (yellow is 1), and the decoded digits, in red. Between digits the network says *blank*. The
# fraction of 1000 sequences of which all seven digits are right, none missing and none added; and the same with the number of digits given:

for name, n_symbols in {"unknown": None, "given": 7}.items():
    paths = [decode(p, n_symbols) for p in found.probabilities]
    right = [np.array_equal(path[1], y) for path, y in zip(paths, test_labels, strict=True)]
    print(f"number of digits {name:7}: {np.mean(right):.3f} of the sequences")

# %%
# The accuracy for a single digit is the seventh root of that.

plt.show()
