"""
Imbalanced classes
==================

One sample in twenty is positive. Class weights and a tuned decision threshold are two ways to find more of them, at the price of false alarms.
"""

# %%
# Two overlapping clouds of 8,000 samples. A network without class weights, one with ``class_weight="balanced"``, and the first with a threshold
# that :class:`~sklearn.model_selection.TunedThresholdClassifierCV` chooses for the F1 score.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import PrecisionRecallDisplay, f1_score, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from sknn import MLPClassifier

X, y = make_blobs([7600, 400], centers=[[0, 0], [1.6, 1.2]], cluster_std=1.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
net = MLPClassifier(
    (32,), learning_rate_init=0.01, learning_rate="cosine", max_iter=30, random_state=0
)
models = {
    "no class weights": net,
    'class_weight="balanced"': clone(net).set_params(class_weight="balanced"),
    "tuned threshold": TunedThresholdClassifierCV(net, scoring="f1", cv=3),
}
for name, model in models.items():
    predicted = model.fit(X_train, y_train).predict(X_test)
    print(
        f"{name:24} accuracy {model.score(X_test, y_test):.3f}, recall {recall_score(y_test, predicted):.2f}, "
        f"precision {precision_score(y_test, predicted):.2f}, F1 {f1_score(y_test, predicted):.2f}"
    )

# %%
# The curves of both networks are nearly the same: weights move the decision along the curve, and so does a threshold. The points are the
# decisions. Accuracy is highest without weights, which says how little it tells here.

fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
for number, (name, model) in enumerate(models.items()):
    predicted = model.predict(X_test)
    if name != "tuned threshold":
        curve = {"color": f"C{number}", "lw": 1.5, "plot_chance_level": number == 0}
        PrecisionRecallDisplay.from_estimator(model, X_test, y_test, ax=ax, name=name, **curve)
    ax.plot(
        recall_score(y_test, predicted),
        precision_score(y_test, predicted),
        "o^s"[number],
        color=f"C{number}",
        ms=9,
        label=f"{name}: decision",
    )
ax.set(title="Precision and recall of the rare class", xlabel="recall", ylabel="precision")
ax.legend(loc="lower left", fontsize=8)
ax.grid(alpha=0.3)

# %%
# The same in the plane of the features: the background is the probability, the line the decision. A dict of weights lets you choose in between.

grid_x, grid_y = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(-3, 3, 200))
points = np.column_stack([grid_x.ravel(), grid_y.ravel()])
# sphinx_gallery_thumbnail_number = 2
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, weights in zip(axes, (None, {0: 1, 1: 5}, "balanced"), strict=True):
    weighted = clone(net).set_params(class_weight=weights).fit(X_train, y_train)
    p = weighted.predict_proba(points)[:, 1].reshape(grid_x.shape)
    ax.contourf(grid_x, grid_y, p, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.5)
    ax.contour(grid_x, grid_y, p, levels=[0.5], colors="0.2", linewidths=1)
    for label, color, size in ((0, "C0", 2), (1, "C3", 8)):
        ax.scatter(*X_test[y_test == label].T, c=color, s=size, label=f"class {label}")
    predicted = weighted.predict(X_test)
    recall, alarms = predicted[y_test == 1].mean(), predicted[y_test == 0].mean()
    ax.set_title(
        f"class_weight={weights!r}\nrecall {recall:.0%}, false alarms {alarms:.1%}", fontsize=10
    )
    ax.set(xlim=(-3, 3), ylim=(-3, 3))
axes[0].legend(loc="lower left", fontsize=8)

plt.show()
