"""
Universal approximation
=======================

One hidden layer of growing width fits a sine, a step and a bump, beside a decision tree with a growing number of leaves.
"""

# %%
# With enough units, one hidden layer comes as close to any continuous function on an interval as you like (Cybenko 1989; Hornik, Stinchcombe
# and White 1989). With ReLU this is easy to see: k units make a piecewise-linear function with k + 1 pieces. A decision tree of k leaves is
# piecewise constant with k pieces. The points lie 0.02 apart, so a step between two of them is a steep linear piece.

import numpy as np

targets = {
    "sine": np.sin,
    "step": lambda x: np.where(x < 0.5, 0.0, 1.0),
    "bump": lambda x: np.exp(-((x / 0.5) ** 2)),
}
x = np.linspace(-3, 3, 300)[:, None]

# %%
# This is about what a network *can* represent, so the error is measured on the training points, and training gets all the help there is: no penalty,
# L-BFGS from three starts, and in the end the output layer by linear least squares.

from sklearn.tree import DecisionTreeRegressor

from sknn import MLPRegressor

widths = [1, 2, 4, 8, 16, 32, 64]
leaves = [2, 4, 8, 16, 32, 64]


def error(model, target):
    """Root of the mean squared error."""
    return np.sqrt(np.mean((model.predict(x) - target(x[:, 0])) ** 2))


def trained(width, y, seed):
    """A network of one hidden layer; its output layer is optimal for this hidden layer."""
    net = MLPRegressor(
        hidden_layer_sizes=width,
        solver="lbfgs",
        alpha=0,
        tol=1e-12,
        max_iter=1000,
        dtype="float64",
        random_state=seed,
    ).fit(x, y)
    hidden = np.column_stack([net.transform(x), np.ones(len(x))])
    *weights, bias = np.linalg.lstsq(hidden, y, rcond=None)[0]
    net.coefs_[1][:, 0], net.intercepts_[1][:] = weights, bias
    return net


networks, trees = {}, {}
for name, target in targets.items():
    y = target(x[:, 0])
    for width in widths:
        starts = [trained(width, y, seed) for seed in range(3)]
        networks[name, width] = min(starts, key=lambda net, target=target: error(net, target))
    for k in leaves:
        trees[name, k] = DecisionTreeRegressor(max_leaf_nodes=k, random_state=0).fit(x, y)

# %%
# Networks of two, four and sixteen units; below, trees of four and sixteen leaves.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True, sharey="col")
for (above, below), (name, target) in zip(axes.T, targets.items(), strict=True):
    for ax in (above, below):
        ax.plot(x, target(x), color="0.8", lw=5, label=name)
    for width in (2, 4, 16):
        above.plot(x, networks[name, width].predict(x), lw=1.2, label=f"{width} units")
    for k in (4, 16):
        below.plot(x, trees[name, k].predict(x), lw=1.2, label=f"{k} leaves")
    above.set_title(name)
for ax in axes[:, 2]:
    ax.legend(fontsize="small", loc="upper left")

# %%
# The error against the number of units and of leaves. Linear pieces are better than constant ones where the function is smooth: from four on, the network's
# error is several times smaller than that of a tree of as many leaves. The step itself takes two units, or two leaves, and its error is that
# of rounding (drawn at :math:`10^{-15}` where it is zero).

fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for ax, (name, target) in zip(axes, targets.items(), strict=True):
    net_errors = np.array([error(networks[name, width], target) for width in widths])
    tree_errors = np.array([error(trees[name, k], target) for k in leaves])
    ax.loglog(widths, np.maximum(net_errors, 1e-15), "o-", label="network: hidden units")
    ax.loglog(leaves, np.maximum(tree_errors, 1e-15), "s--", label="decision tree: leaves")
    ax.set(title=name, xlabel="units or leaves")
    ax.grid(alpha=0.3)
    print(f"{name}, network:", " ".join(f"{e:.0e}" for e in net_errors))
    print(f"{name}, tree:   ", " ".join(f"{e:.0e}" for e in tree_errors))
axes[0].set_ylabel("root mean squared error")
axes[0].legend(fontsize="small")

# %%
# That such weights exist does not mean that training finds them, nor does it say what happens between and beyond the points: a network can fit anything, noise too.

plt.show()
