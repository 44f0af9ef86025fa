"""
The perceptron
==============

Rosenblatt's neuron learns from its mistakes: its decision line during training, convergence on separable data, and XOR, where training never ends.
"""

# %%
# Two linearly separable clouds of points. The points come one by one; only a point on the wrong side moves the line.
# ``partial_fit`` with a single sample is one step of the rule.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs

from sknn import PerceptronClassifier

X, y = make_blobs(60, centers=[[0.5, 0.5], [3, 2.5]], cluster_std=0.65, random_state=1)
neuron = PerceptronClassifier()
lines = []
while not lines or any(neuron.predict(X) != y):
    for i in range(len(X)):
        neuron.partial_fit(X[[i]], y[[i]], classes=[0, 1])
        if neuron.mistakes_[-1]:
            lines.append((i, neuron.coef_[0].copy(), neuron.intercept_[0]))
print(f"{len(lines)} mistakes until the line was found")

# %%
# The line after some of the mistakes, each in the panel with the point (ringed) that moved it. The shaded side is predicted to be red.


def draw_side(ax, X, y, predict):
    """The points, and the side that is predicted to be red."""
    low, high = X.min(axis=0) - 0.7, X.max(axis=0) + 0.7
    a, b = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    side = predict(np.column_stack([a.ravel(), b.ravel()])).reshape(a.shape)
    ax.contourf(a, b, side, levels=[0.5, 1.5], colors=["C3"], alpha=0.15)
    ax.contour(a, b, side, levels=[0.5], colors="0.3", linewidths=1)
    ax.scatter(*X.T, c=np.array(["C0", "C3"])[y], s=18)
    ax.set(xticks=[], yticks=[])


shown = np.unique(np.linspace(1, len(lines), 8).round().astype(int))
fig, axes = plt.subplots(2, 4, figsize=(10, 5), layout="constrained")
for ax, number in zip(axes.flat, shown, strict=False):
    i, w, b = lines[number - 1]
    draw_side(ax, X, y, lambda points, w=w, b=b: (points @ w + b > 0).astype(int))
    ax.scatter(*X[i], s=90, facecolors="none", edgecolors="black")
    wrong = np.sum((X @ w + b > 0) != y)
    ax.set_title(f"after mistake {number}: {wrong} wrong", fontsize="small")

# %%
# The number of mistakes has a bound. If all points, with a 1 appended for the bias, lie within the radius R, and some line leaves
# the margin γ on both sides, there are at most :math:`(R / \gamma)^2` mistakes, in whatever order the samples come (Novikoff 1962). Any separating
# line gives such a bound, that of a linear support vector machine a good one. The actual numbers are far below it.

from sklearn.svm import SVC

svm = SVC(kernel="linear", C=1e6).fit(X, y)
line = np.append(svm.coef_[0], svm.intercept_[0])
extended = np.column_stack([X, np.ones(len(X))])
margin = np.min(np.abs(extended @ line)) / np.linalg.norm(line)
radius = np.linalg.norm(extended, axis=1).max()
mistakes = [sum(PerceptronClassifier(random_state=seed).fit(X, y).mistakes_) for seed in range(100)]
print(f"mistakes in 100 orders of the samples: {min(mistakes)} to {max(mistakes)}")
print(f"Novikoff's bound: {(radius / margin) ** 2:.0f}")

# %%
# Four points that are not linearly separable: XOR. The mistakes never end, and scikit-learn's ``ConvergenceWarning`` says so. One hidden layer
# solves it.

from sknn import MLPClassifier

corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
gates = {"AND": np.array([0, 0, 0, 1]), "OR": np.array([0, 1, 1, 1]), "XOR": np.array([0, 1, 1, 0])}
fig, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
fig_mistakes, ax_mistakes = plt.subplots(figsize=(6, 2.8), layout="constrained")
for ax, (name, outputs) in zip(axes, gates.items(), strict=False):
    neuron = PerceptronClassifier(max_iter=30, random_state=0).fit(corners, outputs)
    draw_side(ax, corners, outputs, neuron.predict)
    ax.set_title(f"{name}: {neuron.score(corners, outputs):.0%}", fontsize="medium")
    ax_mistakes.plot(range(1, neuron.n_iter_ + 1), neuron.mistakes_, "o-", ms=3, label=name)
net = MLPClassifier(8, "tanh", solver="lbfgs", random_state=0).fit(corners, gates["XOR"])
draw_side(axes[3], corners, gates["XOR"], net.predict)
axes[3].set_title(f"XOR, a hidden layer: {net.score(corners, gates['XOR']):.0%}", fontsize="medium")
ax_mistakes.set(xlabel="epoch", ylabel="mistakes", yticks=range(5))
ax_mistakes.legend(title="perceptron", loc="center right")

plt.show()
