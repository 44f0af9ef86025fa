"""
Vanishing gradients
===================

In a deep network of logistic units hardly any gradient arrives at the first layers. With ReLU it does.
"""

# %%
# The gradient of a layer is the product of all that comes after it: at each layer it is multiplied with the weights and with the slope
# of the activation. The slope of the logistic function is at most 1/4, that of tanh at most 1, and that of ReLU 0 or 1.
#
# Twelve hidden layers of 32 units on the handwritten digits, before any training: ``initialize`` draws the weights, ``gradients`` gives the
# derivative of the loss by each matrix of them. The curves are the norms, medians of ten seeds, with the range of all ten.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
LAYERS = np.arange(1, 14)
COLOURS = {"logistic": "C3", "tanh": "C0", "relu": "C2", "selu": "C1"}


def deep_network(activation, seed, **parameters):
    return MLPClassifier("32x12", activation, random_state=seed, **parameters)


def norms(net):
    return [np.linalg.norm(dW) for dW in net.gradients(X, y).coefs]


fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, colour in COLOURS.items():
    found = [
        norms(deep_network(name, seed, dtype="float64").initialize(X, y)) for seed in range(10)
    ]
    ax.semilogy(LAYERS, np.median(found, axis=0), "o-", color=colour, ms=4, label=name)
    ax.fill_between(LAYERS, np.min(found, axis=0), np.max(found, axis=0), color=colour, alpha=0.2)
    first, last = np.median(found, axis=0)[[0, -1]]
    print(f"{name:9} first layer {first:8.1e}, output layer {last:.2f}, ratio {first / last:.1e}")
ax.set(xlabel="layer, 13 is the output", ylabel="‖∂L/∂W‖", title="Gradients before training")
ax.legend(loc="lower right")
ax.grid(alpha=0.3)

# %%
# What it means for training, with Adam for all of them. Adam divides each gradient by its own size, so that a small one is no smaller step.
# It does not help: the logistic network only learns how frequent the classes are, a loss of ln 10 = 2.30. The factors that make the
# gradients small on the way back make the images alike on the way forward.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, colour in COLOURS.items():
    net = deep_network(name, 0, max_iter=40, tol=0, n_iter_no_change=np.inf).fit(X, y)
    ax.plot(np.arange(1, 41), net.loss_curve_, color=colour, label=name)
ax.axhline(np.log(10), color="0.6", ls=":")
ax.set(xlabel="epoch", ylabel="training loss", title="Training")
ax.legend()
ax.grid(alpha=0.3)

# %%
# The slopes themselves, from the values before the activation that ``forward_steps`` gives: the mean of f′(z) over units and
# images in each hidden layer, by central differences of f. Half of the ReLUs pass everything and half nothing; the logistic units
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
    slopes = [((f(z + e) - f(z - e)) / (2 * e)).mean() for _, z, _ in steps]
    ax.plot(LAYERS[:-1], slopes, "o-", color=COLOURS[name], ms=4, label=name)
ax.set(
    xlabel="hidden layer", ylabel="mean of f′(z)", ylim=(0, 1.15), title="Slopes before training"
)
ax.legend(loc="upper right", ncols=3)
ax.grid(alpha=0.3)

plt.show()
