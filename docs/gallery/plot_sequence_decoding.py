"""
Reading strips of digits
========================

A network trained on single windows is moved over strips of digits, and reads them without cutting them apart.
"""

# %%
# Where neighbours touch, one can't tell where to cut before one has read, nor read before one has cut. The way out (LeCun et al. 1998) is
# to read *everywhere*, and to choose afterwards. Strips are easily made of the bundled digits of 8 x 8 pixels: each begins 6 to 9 pixels
# behind the one before.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)


def make_strips(images, labels, n, n_digits, rng):
    """Strips (n, 8, w), their digits, and the columns where these begin."""
    chosen = rng.integers(len(images), size=(n, n_digits))
    begins = np.cumsum(rng.integers(6, 10, size=(n, n_digits)), axis=1) - 3
    strips = np.zeros((n, 8, 9 * n_digits + 8))
    for strip, numbers, columns in zip(strips, chosen, begins, strict=True):
        for image, column in zip(images[numbers], columns, strict=True):
            place = strip[:, column : column + 8]
            np.maximum(place, image, out=place)
    return strips, labels[chosen], begins


rng = np.random.default_rng(0)
strips, labels, begins = make_strips(X_train, y_train, 3000, 3, rng)
fig, axes = plt.subplots(4, 2, figsize=(8, 4), layout="constrained")
for ax, strip in zip(axes.flat, strips, strict=False):
    ax.imshow(strip, cmap="gray_r")
    ax.set(xticks=[], yticks=[])

# %%
# The network learns from windows of 8 x 8 pixels. One that begins at most a pixel from where a digit begins, is that digit; one that is
# three or more away from all of them shows pieces of neighbours, or paper: an eleventh class, here number 10.

from sknn import CNNClassifier
from sknn.layers import Conv2D, Dense, Flatten, MaxPool2D

BETWEEN = 10
windows, classes = [], []
columns = np.arange(strips.shape[2] - 7)
for strip, y, places in zip(strips, labels, begins, strict=True):
    distance = np.abs(columns[:, np.newaxis] - places)
    near = [rng.choice(columns[d <= 1]) for d in distance.T]
    far = rng.choice(columns[distance.min(axis=1) >= 3], 2)
    windows += [strip[:, column : column + 8] for column in (*near, *far)]
    classes += [*y, BETWEEN, BETWEEN]

net = CNNClassifier(
    layers=[Conv2D(16, 3), MaxPool2D(2), Conv2D(32, 2), Flatten(), Dense(64)], random_state=0
)
net.fit(np.stack(windows), classes)
print(net.summary())

# %%
# :meth:`~sknn.CNNClassifier.predict_windows` moves it over longer strips of digits that it has never seen. Its dense layers become convolutions,
# so that all windows cost one forward pass; after one pooling by 2 they are 2 pixels apart. :func:`~sknn.teaching.decoding.best_path` then
# chooses the sequence of digits that is worth most, at least 5 pixels, hence 3 windows, from one to the next. How many there are nobody
# tells it.

from sknn.teaching.decoding import best_path

test_strips, test_labels, test_begins = make_strips(X_test, y_test, 1000, 7, rng)
sweep = net.predict_windows(test_strips)
print(f"windows begin at the columns {sweep.columns[:4]}, ..., {sweep.columns[-1]}")


def read(probabilities, n_symbols=None):
    """Windows and digits of one strip."""
    return best_path(probabilities[0], blank=BETWEEN, min_distance=3, n_symbols=n_symbols)


fig, axes = plt.subplots(4, 1, figsize=(9, 7.2), layout="constrained", height_ratios=[1, 1.6] * 2)
for number, (above, below) in enumerate(axes.reshape(2, 2)):
    strip, found = test_strips[number], sweep.probabilities[number]
    at, symbols = read(found)
    above.imshow(strip, cmap="gray_r", aspect="auto")
    for column, digit in zip(sweep.columns[at] + 3.5, symbols, strict=True):
        above.text(column, -1.2, str(digit), ha="center", color="C3", fontsize="large")
        above.axvline(column, ymin=0.96, color="C3")
    edges = sweep.columns[0] + 2.5, sweep.columns[-1] + 4.5
    below.imshow(found[0].T, aspect="auto", extent=(*edges, 10.5, -0.5), vmin=0, vmax=1)
    below.plot(sweep.columns[at] + 3.5, symbols, "o", mfc="none", mec="C3", ms=11)
    below.set_xlim(above.get_xlim())
    below.set(yticks=range(11), yticklabels=[*map(str, range(10)), "none"])
    above.set(xticks=[], yticks=[])
    below.set(ylabel="class", xlabel="middle of the window, pixel")

# sphinx_gallery_thumbnail_number = 2

# %%
# The probability of each class in each window (yellow is 1), and what was read, in red. Between digits the network says "none". The share
# of 1000 strips of which all seven digits are read, none missing and none added; and the same where their number is given:

for name, n_symbols in {"unknown": None, "given": 7}.items():
    paths = [read(found, n_symbols) for found in sweep.probabilities]
    right = [np.array_equal(path[1], y) for path, y in zip(paths, test_labels, strict=True)]
    print(f"number of digits {name:7}: {np.mean(right):.3f} of the strips")

# %%
# A single digit must then be read rightly in the seventh root of that share of cases.
# ``SKNN_DATA=FOLDER python benchmarks/strips.py`` does the same with LeNet-5 and MNIST.

plt.show()
