"""
Learning-rate schedules
=======================

How the step size goes, and what becomes of the loss.
"""

# %%
# ``learning_rate`` takes a name or an object. A schedule is a factor of ``learning_rate_init``, for each step or for each
# epoch; here over 60 epochs of 9 steps. The adaptive schedule is missing, since it depends on the loss: it divides the rate
# by five where training would stop.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier
from sknn.schedules import Constant, Cosine, InverseScaling, OneCycle

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
max_iter, n_steps = 60, 9

schedules = {
    "constant": Constant(),
    "invscaling, power_t=0.1": InverseScaling(power_t=0.1),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
}
progress = np.arange(max_iter * n_steps) / (max_iter * n_steps)
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for name, schedule in schedules.items():
    if schedule.per_step:
        factors = schedule.factors(progress)
    else:
        rates = [1.0]
        for epoch in range(1, max_iter):
            rates.append(schedule.after_epoch(rates[-1], 1.0, epoch * len(X)))
        factors = np.repeat(rates, n_steps)
    ax.plot(progress * max_iter, factors, label=name)
factors = Cosine().factors(progress) * np.minimum(1, progress / 0.2)
ax.plot(progress * max_iter, factors, "k:", label="cosine, warmup=0.2")
ax.set(xlabel="epoch", ylabel="factor of learning_rate_init", title="The course of the step size")
ax.legend()

# %%
# The losses of networks that differ in the schedule only. Plain gradient descent with a bold step shows the difference
# best; every schedule works with Adam, too. Where the step shrinks, the loss becomes smooth.

schedules["adaptive"] = "adaptive"
fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
for name, schedule in schedules.items():
    net = MLPClassifier(
        (64,),
        solver="sgd",
        learning_rate=schedule,
        learning_rate_init=0.2,
        batch_size=200,
        alpha=0,
        max_iter=max_iter,
        n_iter_no_change=5,
        tol=0,
        random_state=0,
    ).fit(X, y)
    ax.semilogy(
        range(1, net.n_iter_ + 1), net.loss_curve_, label=f"{name}: {net.loss_:.4f} at the end"
    )
ax.set(xlabel="epoch", ylabel="training loss", title="What becomes of the loss")
ax.legend()
ax.grid(alpha=0.3)

plt.show()
