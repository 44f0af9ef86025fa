"""
Optimizers
==========

All optimizers except Muon in one valley: their paths, and how fast they get down.
"""

# %%
# A network of two weights without a hidden layer, fitted to four samples: its squared loss is a valley whose sides are thirty
# times as steep as its floor, oblique to both axes. Every optimizer starts at the same point and takes a hundred full-batch
# steps, by ``partial_fit``, with a learning rate that suits it.

import matplotlib.pyplot as plt
import numpy as np

from sknn import MLPRegressor
from sknn.optimizers import SGD, Adadelta, AdamW

angle, long, wide = np.deg2rad(15), 1 / np.sqrt(30), 1.0
along, across = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
X = np.sqrt(2) * np.array([long * along, -long * along, wide * across, -wide * across])
bottom, start, n_steps = np.array([1.0, 1.0]), np.array([-2.0, 1.6]), 100
y = X @ bottom

solvers = {
    "gradient descent": (SGD(momentum=0), 1.7),
    "momentum": ("momentum", 0.1),
    "nesterov": ("nesterov", 0.1),
    "adagrad": ("adagrad", 0.8),
    "adadelta": (Adadelta(epsilon=1e-3), 2.0),
    "rmsprop": ("rmsprop", 0.05),
    "adam": ("adam", 0.2),
    "adamw": (AdamW(weight_decay=0.1), 0.2),
    "nadam": ("nadam", 0.2),
}


def path(solver, rate):
    """The two weights after each step."""
    net = MLPRegressor(hidden_layer_sizes=(), alpha=0, solver="lbfgs").fit(X, y)
    net.set_params(solver=solver, learning_rate_init=rate, batch_size=len(X))
    net.set_weights([start[:, None], [0.0]])
    points = [start]
    for _ in range(n_steps):
        net.partial_fit(X, y)
        points.append(net.coefs_[0].ravel())
    return np.array(points)


def loss(w):
    """Half the mean squared error, for weights on the last axis."""
    return (((w - bottom) @ X.T) ** 2).mean(axis=-1) / 2


paths = {name: path(*how) for name, how in solvers.items()}

# %%
# Gradient descent jumps from side to side and then creeps along the floor. Momentum overshoots and oscillates; Nesterov's looks
# ahead and oscillates less. The others divide by the sizes of earlier gradients and set out along the diagonal, however steep
# the valley is; Adam oscillates, since it has momentum, too. AdamW does not reach the bottom (the star): its weight decay draws
# it to the origin (the cross).

w1, w2 = np.meshgrid(np.linspace(-2.5, 2.5, 200), np.linspace(-1.0, 2.2, 200))
heights = loss(np.stack([w1, w2], axis=-1))
fig, axes = plt.subplots(3, 3, figsize=(9, 7.4), sharex=True, sharey=True, layout="constrained")
for ax, (name, points) in zip(axes.flat, paths.items(), strict=True):
    ax.contourf(w1, w2, heights, np.geomspace(1e-3, 6, 14), cmap="Blues_r", extend="both")
    ax.plot(*points.T, ".-", color="tab:red", linewidth=1, markersize=3)
    ax.plot(*start, "o", color="black", markersize=5)
    ax.plot(*bottom, "*", color="gold", markeredgecolor="black", markersize=11)
    ax.plot(0, 0, "+", color="black")
    ax.set(title=f"{name}, η = {solvers[name][1]}", xlim=(-2.5, 2.5), ylim=(-1.0, 2.2))
for ax in axes[-1]:
    ax.set_xlabel("first weight")
for ax in axes[:, 0]:
    ax.set_ylabel("second weight")

# %%
# The loss after each step. On a real network the order is another, and depends on the learning rate more than on the optimizer.

fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
for number, (name, points) in enumerate(paths.items()):
    ax.semilogy(loss(points), "-" if number < 5 else "--", label=name)
ax.set(xlabel="step", ylabel="loss", ylim=(1e-6, None), title="Height above the bottom")
ax.legend(ncols=2, fontsize="small")
ax.grid(alpha=0.3)

plt.show()
