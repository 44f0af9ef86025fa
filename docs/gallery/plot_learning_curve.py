"""
Learning curves and pixel importance
====================================

:func:`~sklearn.model_selection.learning_curve` shows what more samples would bring, and :func:`~sklearn.inspection.permutation_importance` which pixels
a model uses: the same two functions for forest, MLP and CNN.
"""

# %%
# Both need only `fit`, `predict` and `score`, and so compare models that have nothing else in common.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import StratifiedKFold, learning_curve, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier
from sknn.presets import ConvNet

X, y = load_digits(return_X_y=True)
models = {
    "random forest": RandomForestClassifier(50, random_state=0),
    "MLP": make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=60, random_state=0)),
    "CNN": CNNClassifier(ConvNet((8, 16)), image_shape=(8, 8), random_state=0),
}
folds = StratifiedKFold(3, shuffle=True, random_state=0)
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for name, model in models.items():
    sizes, _, scores = learning_curve(
        model, X, y, train_sizes=[0.1, 0.3, 1.0], cv=folds, shuffle=True, random_state=0
    )
    errors = 100 * (1 - scores)
    ax.plot(sizes, errors.mean(axis=1), "o-", label=name)
    print(f"{name:14}" + "".join(f"{error:7.1f} %" for error in errors.mean(axis=1)))
ax.set(xscale="log", yscale="log", xlabel="training images", ylabel="errors in %")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.set_xticks([], minor=True)
ax.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
ax.set_yticks([], minor=True)
ax.set_title("Errors against the number of training images")
ax.grid(alpha=0.3)
ax.legend()

# %%
# Each pixel is permuted among the test images; the decrease of the accuracy is its importance. The forest relies on a
# few pixels, the networks on many in the middle.

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
fig, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
maps = {
    name: permutation_importance(
        model.fit(X_train, y_train), X_test, y_test, n_repeats=1, random_state=0
    ).importances_mean.reshape(8, 8)
    for name, model in models.items()
}
high = max(values.max() for values in maps.values())
for ax, (name, values) in zip(axes, maps.items(), strict=True):
    image = ax.imshow(100 * values, cmap="magma", vmin=0, vmax=100 * high)
    ax.set_title(name)
    ax.axis("off")
fig.colorbar(image, ax=axes, label="decrease of the accuracy in %")

plt.show()
