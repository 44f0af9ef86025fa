"""
Monte-Carlo dropout
===================

How sure is a network of its prediction? A hundred thinned networks disagree most where there are no data.
"""

# %%
# Training with dropout trains many networks in one: each mask leaves another thinned network. ``predict`` uses the full one. With
# ``return_std=True`` a hundred thinned networks predict, and their mean and standard deviation are returned (Gal and Ghahramani, 2016).

import matplotlib.pyplot as plt
import numpy as np

from sknn import MLPClassifier, MLPRegressor

rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(-4, -1, 100), rng.uniform(1.5, 4, 100)])
y = np.sin(1.5 * x) + 0.3 * x + rng.normal(0, 0.1, len(x))
grid = np.linspace(-8, 8, 400)

net = MLPRegressor(
    hidden_layer_sizes=(100, 100),
    dropout=0.1,
    learning_rate_init=0.005,
    learning_rate="cosine",
    batch_size=50,
    max_iter=600,
    tol=0,
    n_iter_no_change=np.inf,
    random_state=0,
)
net.fit(x[:, None], y)
mean, std = net.predict(grid[:, None], return_std=True)

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for k in (2, 1):
    ax.fill_between(
        grid, mean - k * std, mean + k * std, color="C0", alpha=0.2, lw=0, label=f"± {k} std"
    )
ax.plot(grid, mean, color="C0", label="mean of 100 thinned networks")
ax.plot(grid, net.predict(grid[:, None]), "k--", lw=1, label="the full network")
ax.plot(x, y, ".", color="C3", ms=4, label="data")
ax.set(xlabel="x", ylabel="y", xlim=(-8, 8), ylim=(-6, 6))
ax.legend(loc="upper left", fontsize=8)

# %%
# The band is wide beyond the data and between the two clusters. It shows how much the thinned networks differ, not the noise of y, which a wider
# network or more data would not reduce. It depends on the dropout rate: twice the rate is a wider band, and no more
# truth. Take it as a warning sign, and check it on a validation set.

for name, at in (("within the data", 2.5), ("between", 0.25), ("far away", 7.0)):
    print(f"{name:15} std {net.predict([[at]], return_std=True)[1][0]:.2f}")

# %%
# A classifier averages the probabilities over the draws, ``predict_proba(X, mc_samples=100)``. Far from the decision boundary the full network is certain of
# its class; where the thinned ones disagree, the mean is less certain.

from sklearn.datasets import make_moons

X, labels = make_moons(200, noise=0.15, random_state=0)
grid_x, grid_y = np.meshgrid(np.linspace(-3, 4, 120), np.linspace(-3, 3.5, 120))
points = np.column_stack([grid_x.ravel(), grid_y.ravel()])
classifier = MLPClassifier(
    (64, 64), dropout=0.3, learning_rate_init=0.01, max_iter=200, tol=0, random_state=0
)
classifier.fit(X, labels)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
for ax, draws in zip(axes, (None, 100), strict=True):
    proba = classifier.predict_proba(points, mc_samples=draws)[:, 1].reshape(grid_x.shape)
    filled = ax.contourf(grid_x, grid_y, proba, levels=np.linspace(0, 1, 21), cmap="RdBu_r")
    ax.scatter(*X.T, c=np.array(["C0", "C3"])[labels], s=8, edgecolors="w", linewidths=0.3)
    ax.set_title(f"mc_samples={draws}", fontsize=10)
fig.colorbar(filled, ax=axes, label="probability of class 1", ticks=np.linspace(0, 1, 5))

plt.show()
