"""
Tabular data with categorical features and missing values
=========================================================

A data frame goes into :class:`~sknn.TabularClassifier` as it is: numerical features on any scale, categorical features, missing values. Beside it a
random forest and gradient boosting.
"""

# %%
# Generated data, so that the truth is known: who pays back a loan? It depends on income, debt and age, on the job, and a little on one of forty cities.
# One income in ten is missing, and so are some jobs.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.inspection import PartialDependenceDisplay
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from sknn import TabularClassifier

n, rng = 2000, np.random.default_rng(0)
X = pd.DataFrame(
    {
        "income": rng.lognormal(10.5, 0.6, n),
        "debt": rng.exponential(9000, n),
        "age": rng.integers(18, 80, n).astype(float),
        "children": rng.poisson(1.2, n).astype(float),
        "job": rng.choice(["clerk", "farmer", "nurse", "student", "teacher"], n),
        "city": rng.choice([f"city {i}" for i in range(40)], n),
        "owns a house": rng.random(n) < 0.4,
    }
)
of_job = X["job"].map({"clerk": 0.3, "farmer": -0.4, "nurse": 0.8, "student": -1.2, "teacher": 0.5})
of_city = (
    X["city"].str.removeprefix("city ").astype(int).map(dict(enumerate(rng.normal(0, 0.6, 40))))
)
logit = 1.2 * np.log(X["income"] / 36_000) - 1.5 * np.tanh(X["debt"] / 12_000 - 0.7)
logit += (
    1.5 * np.exp(-(((X["age"] - 48) / 14) ** 2)) - 0.5 + of_job + of_city + 0.5 * X["owns a house"]
)
y = np.where(rng.random(n) < expit(1.6 * logit), "paid", "failed")
X.loc[rng.random(n) < 0.1, "income"] = np.nan
X.loc[rng.random(n) < 0.05, "job"] = None
X = X.astype({"job": "category", "city": "category"})
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(X_train.head(4))

# %%
# The forest needs codes for categories, gradient boosting the categorical dtype, the networks nothing. "true probabilities" is
# the score that knowledge of the rule and of all missing values would give.

codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
categorical = make_column_selector(dtype_include="category")
prepare = make_column_transformer((codes, categorical), remainder="passthrough")
models = {
    "random forest": make_pipeline(prepare, RandomForestClassifier(random_state=0)),
    "HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
    'TabularClassifier("fast")': TabularClassifier("fast", random_state=0),
    "TabularClassifier()": TabularClassifier(random_state=0),
}
scores = {}
for name, model in models.items():
    p = model.fit(X_train, y_train).predict_proba(X_test)
    scores[name] = model.score(X_test, y_test), log_loss(y_test, p)
truth = expit(1.6 * logit[X_test.index])
scores["true probabilities"] = (
    np.mean((truth > 0.5) == (y_test == "paid")),
    log_loss(y_test == "paid", truth),
)
for name, (accuracy, loss) in scores.items():
    print(f"{name:26} accuracy {accuracy:.3f}, log-loss {loss:.3f}")

fig, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained", sharey=True)
colors = ["C2", "C1", "C0", "C0", "0.6"]
for ax, which, title in zip(axes, (0, 1), ("accuracy", "log-loss"), strict=True):
    values = [score[which] for score in scores.values()]
    ax.scatter(values, list(scores), color=colors, s=60)
    for value, name in zip(values, scores, strict=True):
        ax.annotate(f"{value:.3f}", (value, name), (8, -3), textcoords="offset points")
    ax.set_title(title)
    ax.margins(x=0.25)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()

# %%
# What the networks use: how much the loss on the validation folds rises when a feature is permuted, and how the probability depends on two of the features.

net = models["TabularClassifier()"]
order = net.feature_importances_.argsort()
# sphinx_gallery_thumbnail_number = 2
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", width_ratios=[1.2, 1, 1])
axes[0].barh(X.columns[order], net.feature_importances_[order])
axes[0].set(title="feature importance", xlabel="rise of the loss, normalized")
display = PartialDependenceDisplay.from_estimator(
    net, X_test.head(300), ["age", "debt"], grid_resolution=20, ax=axes[1:]
)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
axes[1].set_ylabel(f"probability of {net.classes_[1]}")

# %%
# A new customer may come from an unknown city, without a job, and without an income:

new = pd.DataFrame(
    {
        "income": [45_000, np.nan],
        "debt": [2000.0, 15_000.0],
        "age": [48.0, 25.0],
        "children": [1.0, 0.0],
        "job": ["nurse", None],
        "city": ["city 3", "elsewhere"],
        "owns a house": [True, False],
    }
)
print(net.predict_proba(new)[:, 1].round(2))

plt.show()
