"""
Vanishing gradients
===================

In a deep network of logistic units hardly any gradient arrives at the first layers. With ReLU it does.
"""

# %%
# In the backward pass the gradient is multiplied, at each layer, by the weights and by the derivative of the activation. The
# derivative of the logistic function is at most 1/4, that of tanh at most 1, and that of ReLU 0 or 1.
#
# Twelve hidden layers of 32 units on the handwritten digits, before any training: ``initialize`` draws the weights, ``gradients`` returns
# the gradient with respect to each weight matrix. The curves are the norms, medians of ten seeds, with the range of all ten.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
LAYERS = np.arange(1, 14)
COLORS = {"logistic": "C3", "tanh": "C0", "relu": "C2", "selu": "C1"}


def deep_network(activation, seed, **parameters):
    return MLPClassifier("32x12", activation, random_state=seed, **parameters)


def norms(net):
    return [np.linalg.norm(dW) for dW in net.gradients(X, y).coefs]


fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, color in COLORS.items():
    found = [
        norms(deep_network(name, seed, dtype="float64").initialize(X, y)) for seed in range(10)
    ]
    ax.semilogy(LAYERS, np.median(found, axis=0), "o-", color=color, ms=4, label=name)
    ax.fill_between(LAYERS, np.min(found, axis=0), np.max(found, axis=0), color=color, alpha=0.2)
    first, last = np.median(found, axis=0)[[0, -1]]
    print(f"{name:9} first layer {first:8.1e}, output layer {last:.2f}, ratio {first / last:.1e}")
ax.set(xlabel="layer, 13 is the output", ylabel="‖∂L/∂W‖", title="Gradients before training")
ax.legend(loc="lower right")
ax.grid(alpha=0.3)

# %%
# The effect on training, with Adam. Adam divides each gradient by its own size, so that small gradients do not mean small steps.
# That does not help: the logistic network only learns the class frequencies, a loss of ln 10 = 2.30. The factors that make the
# gradients small in the backward pass make the images alike in the forward pass.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, color in COLORS.items():
    net = deep_network(name, 0, max_iter=40, tol=0, n_iter_no_change=np.inf).fit(X, y)
    ax.plot(np.arange(1, 41), net.loss_curve_, color=color, label=name)
ax.axhline(np.log(10), color="0.6", ls=":")
ax.set(xlabel="epoch", ylabel="training loss", title="Training")
ax.legend()
ax.grid(alpha=0.3)

# %%
# The derivatives themselves, at the values before the activation that ``forward_steps`` returns: the mean of f′(z) over units and
# images in each hidden layer, by central differences of f. Half of the ReLUs pass the whole gradient and half none of it; the logistic units
# pass no more than a quarter, layer after layer: 0.25¹² = 6e-8.

FUNCTIONS = {
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}
e = 1e-6
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, f in FUNCTIONS.items():
    steps = deep_network(name, 0, dtype="float64").initialize(X, y).forward_steps(X)[:-1]
    derivatives = [((f(z + e) - f(z - e)) / (2 * e)).mean() for _, z, _ in steps]
    ax.plot(LAYERS[:-1], derivatives, "o-", color=COLORS[name], ms=4, label=name)
ax.set(
    xlabel="hidden layer",
    ylabel="mean of f′(z)",
    ylim=(0, 1.15),
    title="Derivatives before training",
)
ax.legend(loc="upper right", ncols=3)
ax.grid(alpha=0.3)

plt.show()
