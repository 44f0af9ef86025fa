"""
One hidden layer fits anything
==============================

Universal approximation: a sine, a step and a bump by one hidden layer of growing width, beside a decision tree of growing leaves.
"""

# %%
# With enough units, one hidden layer comes as close to any continuous function on an interval as you like (Cybenko 1989; Hornik, Stinchcombe and White 1989).
# A sum of tanh can do that because two steep ones make a step, two steps a bump, and bumps make everything. A step itself is not continuous:
# a network can only make its slope ever steeper, which is why its error is measured as a mean and not as a maximum.

import numpy as np

targets = {
    "sine": np.sin,
    "step": lambda x: np.where(x < 0.5, 0.0, 1.0),
    "bump": lambda x: np.exp(-((x / 0.5) ** 2)),
}
x = np.linspace(-3, 3, 300)[:, None]
between = (x[1:] + x[:-1]) / 2  # where the error is measured: between the points that were fitted

# %%
# L-BFGS without a penalty, as this is about what a network *can* represent; it may end in a bad minimum, so the best of three starts on the
# training points counts. A tree with k leaves is a function of k steps.

from sklearn.tree import DecisionTreeRegressor

from sknn import MLPRegressor

widths = [1, 2, 4, 8, 16, 32]
leaves = [2, 4, 8, 16, 32, 64, 128]


def network(width, y):
    """The best of three networks of one hidden layer."""
    starts = [
        MLPRegressor(
            hidden_layer_sizes=width,
            activation="tanh",
            solver="lbfgs",
            alpha=0,
            tol=1e-10,
            max_iter=1000,
            dtype="float64",
            random_state=seed,
        ).fit(x, y)
        for seed in range(3)
    ]
    return min(starts, key=lambda net: net.loss_)


def error(model, target):
    """Root of the mean squared error between the points."""
    return np.sqrt(np.mean((model.predict(between) - target(between[:, 0])) ** 2))


networks = {
    (name, width): network(width, target(x[:, 0]))
    for name, target in targets.items()
    for width in widths
}
trees = {
    (name, k): DecisionTreeRegressor(max_leaf_nodes=k, random_state=0).fit(x, target(x[:, 0]))
    for name, target in targets.items()
    for k in leaves
}

# %%
# The functions, and networks of one, two and four units; below, a tree of eight leaves.

import matplotlib.pyplot as plt

fig, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True)
for (above, below), (name, target) in zip(axes.T, targets.items(), strict=True):
    for ax in (above, below):
        ax.plot(x, target(x), color="0.7", lw=4, label=name)
    for width in widths[:3]:
        above.plot(x, networks[name, width].predict(x), lw=1.2, label=f"{width} hidden")
    below.plot(x, trees[name, 8].predict(x), color="C3", lw=1.2, label="tree, 8 leaves")
    above.legend(fontsize="small")
    below.legend(fontsize="small")

# %%
# The error against the width, and against the leaves.

fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, (name, target) in zip(axes, targets.items(), strict=True):
    net_errors = [error(networks[name, width], target) for width in widths]
    tree_errors = [error(trees[name, k], target) for k in leaves]
    ax.loglog(widths, net_errors, "o-", label="network: hidden units")
    ax.loglog(leaves, tree_errors, "s--", color="C3", label="decision tree: leaves")
    ax.set(title=name, xlabel="hidden units or leaves")
    ax.grid(alpha=0.3)
    print(f"{name:5}", " ".join(f"{e:8.1e}" for e in net_errors))
    print("     ", " ".join(f"{e:8.1e}" for e in tree_errors))
axes[0].set_ylabel("root mean squared error")
axes[0].legend(fontsize="small")

plt.show()
