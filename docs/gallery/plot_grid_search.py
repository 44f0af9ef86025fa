"""
Grid search
===========

Hyperparameters are plain scalars, strings and tuples, and those of an optimizer are nested.
"""

# %%
# ``"128x3"`` are three layers of 128, so that the architecture needs no tuples. With ``solver=Adam()`` the search reaches
# ``solver__beta_1`` and its other parameters. Each of the two workers uses one thread.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier
from sknn.optimizers import Adam

X, y = load_digits(return_X_y=True)
model = Pipeline(
    [
        ("scale", StandardScaler()),
        ("net", MLPClassifier(solver=Adam(), max_iter=12, random_state=0)),
    ]
)
grid = {
    "net__hidden_layer_sizes": ["32x1", "32x3", "128x1", "128x3"],
    "net__solver__beta_1": [0.5, 0.9],
    "net__learning_rate_init": [0.001, 0.003, 0.01],
}
search = GridSearchCV(model, grid, cv=3).fit(X, y)
print(f"{len(search.cv_results_['params'])} candidates, 3 folds each")
print(f"best: {search.best_score_:.3f} with {search.best_params_}")

# %%
# The whole grid: accuracy for each architecture and learning rate, one panel for each decay of the first moment.

results = pd.DataFrame(search.cv_results_)
results.columns = [name.replace("param_net__", "") for name in results.columns]
low, high = results.mean_test_score.min(), results.mean_test_score.max()
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
for ax, (beta_1, part) in zip(axes, results.groupby("solver__beta_1"), strict=True):
    table = part.pivot(
        index="hidden_layer_sizes", columns="learning_rate_init", values="mean_test_score"
    )
    table = table.loc[grid["net__hidden_layer_sizes"]]
    image = ax.imshow(table, vmin=low, vmax=high, cmap="viridis", aspect="auto")
    ax.set_xticks(range(table.shape[1]), table.columns)
    ax.set_yticks(range(table.shape[0]), table.index)
    ax.set(title=f"solver__beta_1={beta_1}", xlabel="learning_rate_init")
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        color = "white" if value < (low + high) / 2 else "black"
        ax.text(j, i, f"{value:.3f}", ha="center", va="center", color=color)
axes[0].set_ylabel("hidden_layer_sizes")
fig.colorbar(image, ax=axes, label="mean accuracy of 3 folds")

plt.show()
