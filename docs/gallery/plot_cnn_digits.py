"""
Filters and feature maps
========================

A convolutional network on handwritten digits: its filters, and where each of them finds its feature.
"""

# %%
# A dense network treats the 64 pixels of a digit as 64 features without order. A convolution moves small filters over the image:
# a stroke is found wherever it is. The network standardizes the images itself.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknn import CNNClassifier
from sknn.presets import ConvNet

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)
X_fit, X_val, y_fit, y_val = train_test_split(
    X_train, y_train, stratify=y_train, test_size=0.2, random_state=0
)
net = CNNClassifier(ConvNet((16, 32)), early_stopping="auto", random_state=0)
net.fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
print(f"accuracy on {len(y_test)} images: {net.score(X_test, y_test):.3f}")

# %%
# Its layers. The last line of the list is the output layer, one logit for each of ten classes.

print(net.summary())

# %%
# The loss after each epoch, on the training images and on the validation images. The learning rate rises and falls in one cycle, at
# whose end the curves flatten; the weights of the best epoch are kept.

from sknn.displays import LossCurveDisplay

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
LossCurveDisplay.from_estimator(net, ax=ax, log_scale=True)
ax.grid(alpha=0.3)

# %%
# The filters of the first convolution: red weights are positive, blue ones negative. Some are edges in one direction, some corners.

from sknn.displays import FilterDisplay

filters = FilterDisplay.from_estimator(net)

# %%
# Feature maps of a 3. Bright is a strong response, dark none: after ReLU nothing is negative. Some filters respond along
# the strokes, some on one side of them, some on the background.

from sknn.displays import FeatureMapDisplay

# sphinx_gallery_thumbnail_number = 3
found = FeatureMapDisplay.from_estimator(net, X_test[y_test == 3][0])

# %%
# The filter with the strongest response, on different digits. Its feature stays the same, its position does not.

import numpy as np

maps = net.feature_maps(X_test, layer=1)
strongest = np.argmax(maps.mean(axis=(0, 1, 2)))
fig, axes = plt.subplots(2, 8, figsize=(9, 2.6), layout="constrained")
for digit, (above, below) in enumerate(axes.T):
    i = np.flatnonzero(y_test == digit)[0]
    FeatureMapDisplay.from_estimator(net, X_test[i], filters=strongest, ax=[above, below])
    above.set_title(str(digit), fontsize="small")
    below.set_title("")
fig.suptitle(f"filter {strongest}", fontsize="medium")

plt.show()
