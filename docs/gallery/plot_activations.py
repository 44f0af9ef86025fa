"""
Activations
===========

Twelve functions and their derivatives, as the engine computes them.
"""

# %%
# A network with one input, one hidden unit of weight 1 and bias 0: ``transform`` returns the output of the hidden layer,
# which is the activation of the input. The derivative is computed by central differences.

import matplotlib.pyplot as plt
import numpy as np

from sknn import MLPRegressor

NAMES = [
    "identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "gelu",
    "gelu_tanh", "silu", "mish",
]  # fmt: skip


def activation(name, x):
    """The values of an activation, from a network that consists of little else."""
    net = MLPRegressor(
        hidden_layer_sizes=(1,), activation=name, dtype="float64", max_iter=1, random_state=0
    )
    net.fit(np.zeros((2, 1)), np.zeros(2))
    net.coefs_[0][:], net.intercepts_[0][:] = 1, 0
    return net.transform(x[:, None])[:, 0]


x = np.linspace(-4, 4, 801)
h = 1e-5
fig, axes = plt.subplots(3, 4, figsize=(10, 7), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes.flat, NAMES, strict=False):
    ax.axhline(0, color="0.8", lw=0.8)
    ax.axvline(0, color="0.8", lw=0.8)
    ax.plot(x, activation(name, x), label="f(x)")
    derivative = (activation(name, x + h) - activation(name, x - h)) / (2 * h)
    ax.plot(x, derivative, "--", label="f′(x)")
    ax.set(title=name, ylim=(-2, 3), xlim=(-4, 4))
axes.flat[0].legend(loc="upper left")

# %%
# The same small network on two moons, once per activation, with its accuracy on the training data. With the identity the network is
# linear. The corners of the decision boundary show which functions are smooth.

from sklearn.datasets import make_moons

X, y = make_moons(400, noise=0.2, random_state=0)
grid_x, grid_y = np.meshgrid(np.linspace(-2, 3, 150), np.linspace(-1.5, 2, 150))
points = np.column_stack([grid_x.ravel(), grid_y.ravel()])

from sknn import MLPClassifier

# sphinx_gallery_thumbnail_number = 2
fig, axes = plt.subplots(3, 4, figsize=(10, 7), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes.flat, NAMES, strict=False):
    net = MLPClassifier(
        (16, 16),
        activation=name,
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=150,
        tol=0,
        random_state=0,
    )
    net.fit(X, y)
    ax.contourf(
        grid_x, grid_y, net.predict_proba(points)[:, 1].reshape(grid_x.shape),
        levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6,
    )  # fmt: skip
    ax.scatter(*X.T, c=np.array(["C0", "C3"])[y], s=4)
    ax.set_title(f"{name}: {net.score(X, y):.3f}", fontsize=10)
axes.flat[-1].axis("off")

plt.show()
