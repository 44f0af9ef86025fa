"""
How many hidden layers?
=======================

Rules of thumb, tested by cross-validation: linearly separable data need no hidden layer, one suffices for most data, a second rarely helps.
"""

# %%
# Without a hidden layer the network is linear. It minimizes the objective of :class:`sklearn.linear_model.LogisticRegression` with
# `C` = 1 / `alpha`, so both find the same weights.

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale

from sknn import MLPClassifier

X, y = load_breast_cancer(return_X_y=True)
X = scale(X)
linear = MLPClassifier((), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(X, y)
logistic = LogisticRegression(C=1, max_iter=1000).fit(X, y)
difference = np.abs(linear.predict_proba(X) - logistic.predict_proba(X)).max()
print(f"largest difference in probability: {difference:.4f}")

# %%
# None, one and two hidden layers of 32 on nine small data sets: four that come with scikit-learn, and five that are generated: two linearly
# separable clouds, moons, circles, a chess board of 4 × 4 squares, and two spirals. Everything else is the same for all, and nothing is tuned.

from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs, make_circles, make_moons


def chess_board(n):
    X = np.random.default_rng(0).uniform(0, 4, (n, 2))
    return X, np.floor(X).sum(axis=1).astype(int) % 2


def spirals(n):
    rng = np.random.default_rng(0)
    y, angle = rng.integers(0, 2, n), 2 * np.pi * np.sqrt(rng.uniform(0.05, 1.5, n))
    X = np.column_stack([np.cos(angle + np.pi * y), np.sin(angle + np.pi * y)]) * angle[:, None]
    return X + rng.normal(scale=0.4, size=(n, 2)), y


images, digits = load_digits(return_X_y=True)
data = {
    "two clouds": make_blobs(200, centers=[[0, 0], [5, 5]], random_state=0),
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "digits (600)": (images[:600], digits[:600]),
    "moons": make_moons(300, noise=0.2, random_state=0),
    "circles": make_circles(300, noise=0.1, factor=0.6, random_state=0),
    "chess board": chess_board(500),
    "spirals": spirals(500),
}
depths = {"no hidden layer": (), "one of 32": (32,), "two of 32": (32, 32)}

from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folds = StratifiedKFold(5, shuffle=True, random_state=0)
scores = {}
for name, (X, y) in data.items():
    for depth, sizes in depths.items():
        net = MLPClassifier(sizes, "tanh", solver="lbfgs", alpha=0.1, max_iter=100, random_state=0)
        scores[name, depth] = cross_val_score(make_pipeline(StandardScaler(), net), X, y, cv=folds)

# %%
# The mean accuracy of five folds, and the standard error of that mean: differences within it mean nothing.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
print(f"{'':15}" + "".join(f"{depth:>17}" for depth in depths))
for name in data:
    means = [scores[name, depth].mean() for depth in depths]
    print(f"{name:15}" + "".join(f"{mean:17.3f}" for mean in means))
for number, depth in enumerate(depths):
    folds_of = np.array([scores[name, depth] for name in data])
    ax.errorbar(
        folds_of.mean(axis=1),
        np.arange(len(data)) + 0.2 * (number - 1),
        xerr=folds_of.std(axis=1, ddof=1) / np.sqrt(folds_of.shape[1]),
        fmt="o",
        capsize=3,
        label=depth,
    )
ax.set(yticks=range(len(data)), yticklabels=data, xlabel="accuracy", xlim=(None, 1.01))
ax.invert_yaxis()
ax.grid(axis="x", alpha=0.3)
ax.legend(loc="lower left")

# %%
# On the data sets from scikit-learn and on the clouds, no hidden layer is as good as one within the error. Where the decision boundary is curved the first
# hidden layer makes the difference. The second one adds little here; it comes closest to a gain on the chess board, whose boundary has the most corners.

plt.show()
