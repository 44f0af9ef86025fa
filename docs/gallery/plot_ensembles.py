"""
Networks in bags and stacks, calibrated
=======================================

:class:`~sklearn.ensemble.BaggingClassifier`, :class:`~sklearn.ensemble.StackingClassifier` and
:class:`~sklearn.calibration.CalibratedClassifierCV` take a network as they take a tree: several networks are better than one, a network and
a forest are better than either, and probabilities are put right.
"""

# %%
# All three refit copies of the estimator they are given on parts of the rows, which asks for what estimators promise: `clone`, a `random_state`,
# `sample_weight`, labels of any kind. A network from another library needs a wrapper for each of these before it may join.
#
# The digits in order, the first half to learn from: the writers of the second half are other people.

import matplotlib.pyplot as plt
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier

X, y = load_digits(return_X_y=True)
half = len(y) // 2
X_train, X_test, y_train, y_test = X[:half], X[half:], y[:half], y[half:]

# %%
# A bag of eight gives each network other rows and another seed, and takes the mean of their probabilities. The stack
# fits a logistic regression on the probabilities of MLP, CNN and forest for rows that they have not seen.

mlp = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=60, random_state=0))
cnn = CNNClassifier(image_shape=(8, 8), conv_layer_sizes=(8, 16), max_iter=15, random_state=0)
forest = RandomForestClassifier(random_state=0)
parts = [("mlp", mlp), ("cnn", cnn), ("forest", forest)]
models = {
    "random forest": forest,
    "MLP": mlp,
    "8 MLPs in a bag": BaggingClassifier(mlp, 8, random_state=0),
    "CNN": cnn,
    "8 CNNs in a bag": BaggingClassifier(cnn, 8, random_state=0),
    "MLP + CNN + forest": StackingClassifier(parts, cv=3),
}
errors = {}
for name, model in models.items():
    errors[name] = 100 * (1 - model.fit(X_train, y_train).score(X_test, y_test))
    print(f"{name:19} {errors[name]:.1f} % errors on {len(y_test)} images")

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
colours = ["C2", "C0", "C0", "C1", "C1", "C3"]
bars = ax.barh(list(errors), list(errors.values()), color=colours)
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.set(xlabel="errors in %", title="Fewer errors together")
ax.invert_yaxis()
ax.margins(x=0.1)

# %%
# Probabilities. Is it a digit above 4? One label in five is wrong, which the MLP learns by heart: it is sure where it should not be. Its
# calibrated form asks itself on rows that were held out, and corrects its curve. It stays the same network: the order of the rows hardly changes.

import numpy as np

rng = np.random.default_rng(0)
above = (y > 4) ^ (rng.random(len(y)) < 0.2)
# Rows and columns shuffled alike: here the labels are in question, not the writers.
order = rng.permutation(len(y))
fit, test = order[:half], order[half:]
sure = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=100, random_state=0))
judges = {
    "MLP": sure,
    "calibrated MLP": CalibratedClassifierCV(sure, method="sigmoid", cv=5),
    "random forest": RandomForestClassifier(random_state=0),
}
fig, ax = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
for name, judge in judges.items():
    judge.fit(X[fit], above[fit])
    loss = log_loss(above[test], judge.predict_proba(X[test]))
    CalibrationDisplay.from_estimator(
        judge, X[test], above[test], n_bins=6, ax=ax, name=f"{name}, log loss {loss:.2f}"
    )
ax.set(
    xlabel="probability that the model tells",
    ylabel="how often it is so",
    title="Calibrated probabilities",
)
ax.grid(alpha=0.3)

plt.show()
