"""
A table from CSV to comparison
==============================

The adult data: who earns more than 50,000 dollars a year? Numbers on any scale, eight columns of categories, gaps; the file goes in as it is.
"""

# %%
# The page is built where the environment variable SKNN_DATA names a folder with ``adult.csv.gz``; elsewhere it ends here. The same table comes from
# ``fetch_openml("adult", version=2)``. A tenth of its rows is enough to see the difference.

import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.inspection import PartialDependenceDisplay
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from sknn import TabularClassifier

file = Path(os.environ.get("SKNN_DATA", "")) / "adult.csv.gz"
found = file.exists()

# %%
# Fifteen lines from the file to four models. The forest needs codes for categories, boosting a type for them, the networks nothing.

if found:
    table = pd.read_csv(file, keep_default_na=False, na_values=[""]).sample(5000, random_state=0)
    X, y = table.drop(columns="target"), table["target"]
    X = X.astype({name: float if X[name].dtype == int else "category" for name in X})
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    categories = make_column_selector(dtype_include="category")
    prepare = make_column_transformer((codes, categories), remainder="passthrough")
    models = {
        "random forest": make_pipeline(prepare, RandomForestClassifier(random_state=0)),
        "gradient boosting": HistGradientBoostingClassifier(random_state=0),
        "networks, fast": TabularClassifier("fast", random_state=0),
        "networks": TabularClassifier(random_state=0, max_iter=24),
    }
    for name, model in models.items():
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds, p = time.perf_counter() - start, model.predict_proba(X_test)
        print(
            f"{name:18} accuracy {model.score(X_test, y_test):.3f}, log-loss {log_loss(y_test, p):.3f}, "
            f"{seconds:5.1f} s"
        )

# %%
# What the networks look at: by how much the loss for held-out rows rises when a column is shuffled, and how the probability follows two of the columns.

if found:
    net = models["networks"]
    order = net.feature_importances_.argsort()[-8:]
    fig, axes = plt.subplots(
        1, 3, figsize=(10, 3.6), layout="constrained", width_ratios=[1.4, 1, 1]
    )
    axes[0].barh(X.columns[order], net.feature_importances_[order])
    axes[0].set(title="importance", xlabel="share of the rise of the loss")
    display = PartialDependenceDisplay.from_estimator(
        net, X_test.head(300), ["age", "education-num"], grid_resolution=20, ax=axes[1:]
    )
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    axes[1].set_ylabel(f"probability of {net.classes_[1]}")
    plt.show()
