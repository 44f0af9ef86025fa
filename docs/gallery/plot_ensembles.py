"""
Bagging, stacking and calibration
=================================

:class:`~sklearn.ensemble.BaggingClassifier`, :class:`~sklearn.ensemble.StackingClassifier` and
:class:`~sklearn.calibration.CalibratedClassifierCV` take a network like any estimator: several networks are better than one, a network and
a forest are better than either, and probabilities are calibrated.
"""

# %%
# All three fit clones of an estimator on parts of the samples.
#
# The digits in order, the first half for training: the second half was written by other people.

import matplotlib.pyplot as plt
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import CNNClassifier, MLPClassifier
from sknn.presets import ConvNet

X, y = load_digits(return_X_y=True)
half = len(y) // 2
X_train, X_test, y_train, y_test = X[:half], X[half:], y[:half], y[half:]

# %%
# Bagging fits eight networks, each on a bootstrap sample and with its own seed, and averages their probabilities. Stacking
# fits a logistic regression on out-of-fold probabilities of MLP, CNN and forest.

mlp = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=60, random_state=0))
cnn = CNNClassifier(ConvNet((8, 16)), image_shape=(8, 8), max_iter=15, random_state=0)
forest = RandomForestClassifier(random_state=0)
parts = [("mlp", mlp), ("cnn", cnn), ("forest", forest)]
models = {
    "random forest": forest,
    "MLP": mlp,
    "8 MLPs, bagging": BaggingClassifier(mlp, 8, random_state=0),
    "CNN": cnn,
    "8 CNNs, bagging": BaggingClassifier(cnn, 8, random_state=0),
    "MLP + CNN + forest, stacking": StackingClassifier(parts, cv=3),
}
errors = {}
for name, model in models.items():
    errors[name] = 100 * (1 - model.fit(X_train, y_train).score(X_test, y_test))
    print(f"{name:28} {errors[name]:.1f} % errors on {len(y_test)} images")

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
colors = ["C2", "C0", "C0", "C1", "C1", "C3"]
bars = ax.barh(list(errors), list(errors.values()), color=colors)
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.set(xlabel="errors in %", title="Fewer errors together")
ax.invert_yaxis()
ax.margins(x=0.1)

# %%
# Probabilities. Is the digit above 4? One label in five is wrong, which the MLP memorizes: it is sure where it should not be. Calibration
# corrects its probabilities on validation folds. The ranking of the samples hardly changes.

import numpy as np

rng = np.random.default_rng(0)
above = (y > 4) ^ (rng.random(len(y)) < 0.2)
# All samples shuffled: here the labels are in question, not the writers.
order = rng.permutation(len(y))
fit, test = order[:half], order[half:]
confident = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=100, random_state=0))
judges = {
    "MLP": confident,
    "calibrated MLP": CalibratedClassifierCV(confident, method="sigmoid", cv=5),
    "random forest": RandomForestClassifier(random_state=0),
}
fig, ax = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
for name, judge in judges.items():
    judge.fit(X[fit], above[fit])
    loss = log_loss(above[test], judge.predict_proba(X[test]))
    CalibrationDisplay.from_estimator(
        judge, X[test], above[test], n_bins=6, ax=ax, name=f"{name}, log-loss {loss:.2f}"
    )
ax.set(
    xlabel="predicted probability",
    ylabel="observed frequency",
    title="Calibrated probabilities",
)
ax.grid(alpha=0.3)

plt.show()
