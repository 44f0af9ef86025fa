"""
Losses for regression
=====================

What outliers do to each loss, and how quantiles give prediction intervals.
"""

# %%
# A sine with noise whose spread grows, and twenty outliers.

import matplotlib.pyplot as plt
import numpy as np

from sknn import MLPRegressor

rng = np.random.RandomState(0)
x = np.sort(rng.uniform(0, 6, 400))
noise = 0.1 + 0.08 * x
y = np.sin(x) + noise * rng.standard_normal(400)
outliers = rng.choice(400, 20, replace=False)
y_spoilt = y.copy()
y_spoilt[outliers] += rng.uniform(4, 8, 20)
X = (x[:, None] - 3) / 1.7


def fit(y, **parameters):
    """All networks on this page differ only in their loss; each is trained to the end of its schedule."""
    return MLPRegressor(
        hidden_layer_sizes=(64, 64), activation="tanh", learning_rate_init=0.01, learning_rate="cosine",
        max_iter=200, n_iter_no_change=np.inf, batch_size=50, random_state=0, **parameters,
    ).fit(X, y)  # fmt: skip


# %%
# The squared error follows the outliers; the absolute error and huber's loss do not. ``delta`` is in units of the target:
# beyond it, an error counts linearly.

fig, ax = plt.subplots(figsize=(8, 4.8), layout="constrained")
ax.scatter(x, y_spoilt, s=8, c="0.7", label="data")
ax.plot(x, np.sin(x), "k--", lw=1, label="truth")
for name, parameters in {
    "squared_error": {},
    "absolute_error": {},
    "huber": {"delta": 0.3},
}.items():
    net = fit(y_spoilt, loss=name, **parameters)
    error = np.abs(net.predict(X) - np.sin(x)).mean()
    ax.plot(x, net.predict(X), label=f"{name}: mean distance from the truth {error:.2f}")
ax.set(ylim=(-3.5, 8.5), xlabel="x", ylabel="y", title="Twenty outliers among 400 samples")
fig.legend(loc="outside lower center", ncols=2, fontsize=9)

# %%
# ``loss="quantile"`` estimates one quantile. Three networks give the median and an interval that should contain 80 % of
# the samples, wide where the noise is large.

# sphinx_gallery_thumbnail_number = 2
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
low, median, high = (fit(y, loss="quantile", quantile=q).predict(X) for q in (0.1, 0.5, 0.9))
inside = np.mean((y >= low) & (y <= high))
ax.fill_between(
    x, low, high, alpha=0.25, label=f"10 % to 90 %: contains {inside:.1%} of the samples"
)
ax.plot(x, median, label="median")
ax.plot(x, np.sin(x), "k--", lw=1, label="truth")
ax.scatter(x, y, s=8, c="0.5")
ax.set(xlabel="x", ylabel="y", title="Quantiles")
ax.legend(loc="upper right", fontsize=9)

# %%
# The losses themselves, and their derivatives, as functions of the error.

r = np.linspace(-3, 3, 601)
curves = {
    "squared_error": (r**2 / 2, r),
    "absolute_error": (np.abs(r), np.sign(r)),
    "huber, delta=1": (np.where(np.abs(r) <= 1, r**2 / 2, np.abs(r) - 0.5), np.clip(r, -1, 1)),
    "quantile, q=0.9": (np.where(r <= 0, -0.9 * r, 0.1 * r), np.where(r <= 0, -0.9, 0.1)),
}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for name, (value, derivative) in curves.items():
    axes[0].plot(r, value, label=name)
    axes[1].plot(r, derivative, label=name)
axes[0].set(xlabel="prediction − target", title="loss", ylim=(0, 4))
axes[1].set(xlabel="prediction − target", title="derivative", ylim=(-2, 2))
axes[0].legend(fontsize=9)
for ax in axes:
    ax.grid(alpha=0.3)

plt.show()
