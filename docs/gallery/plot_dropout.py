"""
Dropout and class weights
=========================

Two parameters that scikit-learn's MLP does not have: one against overfitting, one for rare classes.
"""

# %%
# Dropout
# -------
# 300 rows, 40 features, a network with far more weights than rows. Dropout drops hidden values at random in
# every step, so that no unit can rely on a single other one.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = make_classification(
    n_samples=2300, n_features=40, n_informative=8, flip_y=0.1, random_state=0
)
X = StandardScaler().fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=0)

rates = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
losses = np.empty((len(rates), 5))
accuracies = np.empty_like(losses)
for i, rate in enumerate(rates):
    for seed in range(5):
        net = MLPClassifier((128, 128), dropout=rate, max_iter=100, tol=0, random_state=seed)
        net.fit(X_train, y_train)
        losses[i, seed] = log_loss(y_test, net.predict_proba(X_test))
        accuracies[i, seed] = net.score(X_test, y_test)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for ax, values, name in zip(axes, (losses, accuracies), ("log loss", "accuracy"), strict=True):
    ax.errorbar(rates, values.mean(axis=1), values.std(axis=1), marker="o", capsize=3)
    ax.set(xlabel="dropout", title=f"{name} on 2000 test rows, mean ± std of 5 seeds")
    ax.title.set_fontsize(10)
    ax.grid(alpha=0.3)

# %%
# Class weights
# -------------
# One row in twenty is positive. Unweighted, the network misses many of them; ``class_weight="balanced"`` finds more
# and pays with false alarms. A dict lets you choose in between.

X, y = make_classification(
    n_samples=4000, n_features=2, n_informative=2, n_redundant=0, n_clusters_per_class=1,
    weights=[0.95], class_sep=1.0, flip_y=0.01, random_state=3,
)  # fmt: skip
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

grid_x, grid_y = np.meshgrid(np.linspace(-4, 4, 200), np.linspace(-4, 4, 200))
points = np.column_stack([grid_x.ravel(), grid_y.ravel()])
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, weights in zip(axes, (None, {0: 1, 1: 5}, "balanced"), strict=True):
    net = MLPClassifier((32,), class_weight=weights, max_iter=60, random_state=0)
    net.fit(X_train, y_train)
    ax.contourf(
        grid_x, grid_y, net.predict_proba(points)[:, 1].reshape(grid_x.shape),
        levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.5,
    )  # fmt: skip
    for label, colour, size in ((0, "C0", 4), (1, "C3", 10)):
        ax.scatter(*X_test[y_test == label].T, c=colour, s=size, label=f"class {label}")
    predicted = net.predict(X_test)
    found = predicted[y_test == 1].mean()
    alarms = predicted[y_test == 0].mean()
    ax.set_title(
        f"class_weight={weights!r}\nfound {found:.0%}, false alarms {alarms:.1%}", fontsize=10
    )
    ax.set(xlim=(-4, 4), ylim=(-4, 4))
axes[0].legend(loc="lower left", fontsize=8)

plt.show()
