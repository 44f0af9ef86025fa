"""
Learning-rate schedules
=======================

How the learning rate changes during training, and what that does to the loss.
"""

# %%
# ``learning_rate`` takes a name or an object. A schedule is a factor of ``learning_rate_init``, for each step or for each
# epoch; here over 60 epochs of 30 steps. The adaptive schedule is missing, since it depends on the loss: it divides the
# learning rate by five where training would stop.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier
from sknn.schedules import Constant, Cosine, CosLog, FlatCosine, InverseScaling, OneCycle

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
max_iter, n_steps = 60, 30

schedules = {
    "constant": Constant(),
    "invscaling, power_t=0.1": InverseScaling(power_t=0.1),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
    "coslog": CosLog(),
    "flat_cosine": FlatCosine(),
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
ax.set(xlabel="epoch", ylabel="factor of learning_rate_init", title="Schedules")
ax.legend(loc="upper right", bbox_to_anchor=(1, 0.95))

# %%
# The losses of networks that differ only in the schedule, on noisy labels. Gradient descent with a large learning rate shows the
# difference best; every schedule works with Adam, too. With a constant rate the loss keeps jumping; where the rate falls, the loss
# settles. The adaptive schedule waits for a plateau and then falls.

noisy = np.random.RandomState(0).permutation(len(y))[:300]
y[noisy] = np.random.RandomState(1).randint(10, size=300)

schedules["adaptive"] = "adaptive"
fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
for name, schedule in schedules.items():
    net = MLPClassifier(
        (32,),
        solver="sgd",
        learning_rate=schedule,
        learning_rate_init=0.1,
        batch_size=len(y) // n_steps + 1,
        max_iter=max_iter,
        n_iter_no_change=3 if name == "adaptive" else np.inf,
        random_state=0,
    ).fit(X, y)
    epochs = range(1, net.n_iter_ + 1)
    ax.semilogy(epochs, net.loss_curve_, label=f"{name}: {net.loss_:.3f} at the end")
ax.set(xlabel="epoch", ylabel="training loss", title="Training loss")
ax.legend()
ax.grid(alpha=0.3)

plt.show()
