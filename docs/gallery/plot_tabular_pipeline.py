"""
Preprocessing in a pipeline
===========================

An MLP wants numerical features on one scale, one-hot categories and no missing values. A :class:`~sklearn.pipeline.Pipeline` with a
:class:`~sklearn.compose.ColumnTransformer` makes them in every fold, and features keep their names up to
:func:`~sklearn.inspection.permutation_importance`.
"""

# %%
# All preprocessing is scikit-learn's. Inside the pipeline it never sees the test samples. (:class:`~sknn.TabularRegressor` needs none of it:
# :ref:`sphx_glr_auto_gallery_plot_tabular.py`.)
#
# The diabetes data in their own units. Sex becomes a categorical feature, and one blood pressure in ten is missing.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from sknn import MLPRegressor

X, y = load_diabetes(as_frame=True, scaled=False, return_X_y=True)
X["sex"] = X["sex"].map({1.0: "first", 2.0: "second"}).astype("category")
X.loc[np.random.default_rng(0).random(len(X)) < 0.1, "bp"] = np.nan
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
print(X_train.head(4))

# %%
# The pipeline of the network. The target, 25 to 346, is scaled too, and predictions are returned in its units.

numerical = X.columns.drop("sex")
columns = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), numerical),
    (OneHotEncoder(drop="if_binary"), ["sex"]),
)
net = MLPRegressor(hidden_layer_sizes=(32,), max_iter=100, learning_rate_init=0.003, random_state=0)
model = TransformedTargetRegressor(make_pipeline(columns, net), transformer=StandardScaler())

# %%
# One grid over both: how missing values are imputed and how the network is regularized. Nested names lead to every step.

grid = {
    "regressor__columntransformer__pipeline__simpleimputer__strategy": ["mean", "median"],
    "regressor__mlpregressor__alpha": [0.1, 1.0, 10.0],
    "regressor__mlpregressor__dropout": [0.0, 0.3],
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)
for name, value in search.best_params_.items():
    print(f"{name.rpartition('__')[2]}: {value}")

# %%
# A forest on the same features, with codes for the categories.

codes = make_column_transformer((OrdinalEncoder(), ["sex"]), remainder="passthrough")
forest = make_pipeline(codes, RandomForestRegressor(random_state=0)).fit(X_train, y_train)
models = {"MLP": search, "random forest": forest}
for label, fitted in models.items():
    print(f"{label:13} R² on {len(y_test)} samples: {fitted.score(X_test, y_test):.3f}")

# %%
# Which features matter? A feature is permuted before any step of the pipeline sees it; the decrease of R² is how much the model
# relies on it. Both rely most on body mass, s5 and blood pressure; the network also uses sex, the forest hardly does.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for number, (label, fitted) in enumerate(models.items()):
    found = permutation_importance(fitted, X_test, y_test, n_repeats=10, random_state=0)
    if number == 0:
        order = found.importances_mean.argsort()
    heights = np.arange(len(order)) + 0.4 * number - 0.2
    ax.barh(
        heights,
        found.importances_mean[order],
        height=0.38,
        xerr=found.importances_std[order],
        color=f"C{number}",
        label=label,
    )
ax.set_yticks(range(len(order)), X.columns[order])
ax.set(xlabel="decrease of R² when the feature is permuted", title="Feature importance")
ax.grid(alpha=0.3, axis="x")
ax.set_axisbelow(True)
ax.legend(loc="lower right")

plt.show()
