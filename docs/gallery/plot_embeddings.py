"""
Embeddings of numerical features
================================

A small network fits a curve with a jump from one numerical feature: as it is, with a periodic embedding, and with a piecewise-linear embedding.
"""

# %%
# Dense layers see a feature as one number, and change slowly with it. An embedding gives them several functions of it. The periodic one has
# trained frequencies and phases, the piecewise-linear one breakpoints at the quantiles of the data.

import matplotlib.pyplot as plt
import numpy as np

from sknn import CNNRegressor
from sknn.layers import Dense, Flatten, PeriodicEmbedding, PiecewiseLinearEmbedding

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (1000, 1))


def target(x):
    """A sine, and a jump at 0.5."""
    return np.sin(2 * x) + 1.5 * (x > 0.5)


y = target(X[:, 0]) + rng.normal(0, 0.1, len(X))
x = np.linspace(-3, 3, 600)[:, None]
embeddings = {
    "no embedding": [],
    "PeriodicEmbedding": [PeriodicEmbedding(n_frequencies=8, sigma=0.5)],
    "PiecewiseLinearEmbedding": [PiecewiseLinearEmbedding.from_quantiles(X, n_bins=16)],
}

# %%
# Flat samples are signals to a CNN; ``Flatten`` makes features of them. All three networks have the same two dense layers and train for as long.

fig, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True)
for (above, below), (name, embedding) in zip(axes.T, embeddings.items(), strict=True):
    layers = [Flatten(), *embedding, Dense(32), Dense(32)]
    net = CNNRegressor(layers=layers, standardize=False, max_iter=60, random_state=0).fit(X, y)
    outputs = net.transform(x, layer=len(embedding) + 1)
    above.plot(x, outputs)
    above.set(title=name, ylabel="input of the dense layers")
    below.plot(x, target(x), color="0.8", lw=5, label="target")
    below.plot(x, net.predict(x), "C3", lw=1.5, label="network")
    error = np.sqrt(np.mean((net.predict(x) - target(x[:, 0])) ** 2))
    below.set(xlabel="feature", ylabel="y", title=f"RMSE {error:.3f}")
axes[1, 0].legend()

# %%
# The estimators for tabular data have such embeddings built in: see ``numeric_embedding`` of :class:`~sknn.TabularRegressor`.

plt.show()
