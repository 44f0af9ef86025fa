"""
Dropout
=======

Against overfitting: hidden values are dropped at random in training.
"""

# %%
# 300 samples, 40 features, and a network with far more weights than samples. Dropout drops hidden values at random in
# every step, so that no unit can rely on a single other one. Too much of it is harmful, too.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = make_classification(
    n_samples=2300, n_features=40, n_informative=8, flip_y=0.1, random_state=0
)
X = StandardScaler().fit_transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=0)

rates = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
losses = np.empty((len(rates), 5))
accuracies = np.empty_like(losses)
for i, rate in enumerate(rates):
    for seed in range(5):
        net = MLPClassifier((128, 128), dropout=rate, max_iter=100, tol=0, random_state=seed)
        net.fit(X_train, y_train)
        losses[i, seed] = log_loss(y_test, net.predict_proba(X_test))
        accuracies[i, seed] = net.score(X_test, y_test)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for ax, values, name in zip(axes, (losses, accuracies), ("log-loss", "accuracy"), strict=True):
    ax.errorbar(rates, values.mean(axis=1), values.std(axis=1), marker="o", capsize=3)
    ax.set(xlabel="dropout", title=f"{name} on 2,000 test samples, mean ± std of 5 seeds")
    ax.title.set_fontsize(10)
    ax.grid(alpha=0.3)

plt.show()
