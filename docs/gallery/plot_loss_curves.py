"""
Read a loss curve
=================

Four fits of the same network: a good one, a learning rate that is too large, one that is too small, and overfitting. The loss curve tells them apart.
"""

# %%
# 600 samples to train on, 1,000 to validate on; 20 features, of which 5 are informative, and one label in ten is wrong. All fits take Adam and 60
# epochs. Validation data are passed to ``fit``, so that both curves are recorded.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = make_classification(
    n_samples=1600, n_features=20, n_informative=5, flip_y=0.2, class_sep=1.2, random_state=0
)
X = StandardScaler().fit_transform(X)
X_train, X_val, y_train, y_val = train_test_split(X, y, train_size=600, random_state=0)

fits = {
    "good: both losses fall and settle": {"learning_rate_init": 0.01, "learning_rate": "cosine", "alpha": 5.0},
    "learning rate too large: the loss jumps": {"learning_rate_init": 0.3, "batch_size": 50},
    "learning rate too small: not done yet": {"learning_rate_init": 1e-4},
    "overfitting: the validation loss rises": {"learning_rate_init": 0.01, "alpha": 0},
}  # fmt: skip
fig, axes = plt.subplots(2, 2, figsize=(8, 5), layout="constrained", sharex=True, sharey=True)
for ax, (title, parameters) in zip(axes.flat, fits.items(), strict=True):
    net = MLPClassifier(
        (64, 64),
        early_stopping="auto",
        n_iter_no_change=np.inf,
        max_iter=60,
        random_state=0,
        **parameters,
    )
    net.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    epochs = range(1, net.n_iter_ + 1)
    ax.semilogy(epochs, net.loss_curve_, label="training")
    ax.semilogy(epochs, net.validation_loss_curve_, label="validation")
    ax.set_title(title, fontsize=10)
    ax.set_ylim(0.02, 20)
    ax.grid(alpha=0.3, which="both")
    print(f"{title:40} validation accuracy {net.score(X_val, y_val):.3f}")
fig.supxlabel("epoch")
fig.supylabel("log-loss")
axes[0, 0].legend()

# %%
# **Too large**: divide ``learning_rate_init`` by 3 or 10; scale the input if that was not done. **Too small**: multiply it, or train for more epochs.
# **Overfitting**: more data, ``early_stopping``, ``dropout``, a larger ``alpha``, a smaller network. The accuracy of the last fit is not bad, since
# early stopping keeps the weights of the best epoch.
#
# :class:`~sknn.displays.LossCurveDisplay` draws such curves in one line:

from sknn.displays import LossCurveDisplay

display = LossCurveDisplay.from_estimator(net, log_scale=True)

plt.show()
