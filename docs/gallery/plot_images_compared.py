"""
MLP, CNN and random forest
==========================

Three classifiers on the same images: accuracy, fit time, and what happens when the images are shifted.
"""

# %%
# The digits, 1797 images of 8 by 8 pixels, in three folds. The MLP follows a scaler; the CNN takes flat samples with
# ``image_shape``, and so fits into the same loop.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier

X, y = load_digits(return_X_y=True)
models = {
    "random forest": RandomForestClassifier(random_state=0),
    "MLP": make_pipeline(StandardScaler(), MLPClassifier((128,), random_state=0)),
    "CNN": CNNClassifier(image_shape=(8, 8), random_state=0),
}

# %%
# The test images also come shifted, by one pixel to each side; what leaves the image is lost.


def shifted(rows, steps):
    """Flat images, shifted to the right by that many pixels."""
    images = np.zeros((len(rows), 8, 8))
    source = rows.reshape(-1, 8, 8)
    if steps >= 0:
        images[:, :, steps:] = source[:, :, : 8 - steps]
    else:
        images[:, :, :steps] = source[:, :, -steps:]
    return images.reshape(rows.shape)


steps = [-2, -1, 0, 1, 2]
seconds, scores = {name: [] for name in models}, {name: [] for name in models}
for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
    for name, model in models.items():
        start = time.perf_counter()
        model.fit(X[train], y[train])
        seconds[name].append(time.perf_counter() - start)
        scores[name].append([model.score(shifted(X[test], step), y[test]) for step in steps])

for name in models:
    accuracy = np.array(scores[name])[:, steps.index(0)]
    print(
        f"{name:14} {accuracy.mean():.4f} ± {accuracy.std():.4f}   fit {np.median(seconds[name]):.2f} s"
    )

# %%
# On the left the errors on the images as they are, with their standard deviation over the folds; on the right all accuracies. To a forest and to a dense
# network a shifted image is a different set of 64 features. A CNN looks for the same strokes everywhere and pools over their positions, which
# helps, but its dense layers still know where a stroke was. What really helps is to train on shifted images: ``Augmentation(shift=1)``
# (:ref:`sphx_glr_auto_gallery_plot_augmentation.py`).

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for number, (name, values) in enumerate(scores.items()):
    values = np.array(values)
    errors = 100 * (1 - values[:, steps.index(0)])
    left.bar(number, errors.mean(), yerr=errors.std(), color=f"C{number}", capsize=4)
    right.plot(steps, values.mean(axis=0), "o-", color=f"C{number}", label=name)
left.set_xticks(range(len(models)), models)
left.set(ylabel="errors in %", title="as they are")
right.set(xlabel="pixels shifted to the right", ylabel="accuracy", title="shifted", xticks=steps)
right.legend()
for ax in (left, right):
    ax.grid(alpha=0.3)
    ax.set_axisbelow(True)

# %%
# The images that the CNN of the last fold got wrong, or was least sure of.

cnn, X_test, y_test = models["CNN"], X[test], y[test]
probability = cnn.predict_proba(X_test)
hardest = probability[range(len(y_test)), y_test].argsort()[:8]
fig, axes = plt.subplots(1, 8, figsize=(9, 1.7), layout="constrained")
for ax, i in zip(axes, hardest, strict=True):
    ax.imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{y_test[i]} taken for {probability[i].argmax()}", fontsize=9)
    ax.axis("off")

plt.show()
