"""
Successive halving by samples or epochs
=======================================

:class:`~sklearn.model_selection.HalvingGridSearchCV` gives many candidates few resources and the best of them more. The resource may be samples, as
for every estimator, or with ``resource="max_iter"`` epochs.
"""

# %%
# A decaying learning rate is no obstacle: each round plans its schedule for its own number of epochs.
#
# Eighteen candidates for a convolutional network on the digits, searched three times: an exhaustive grid search, halving by samples, and by epochs.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, train_test_split

from sknn import CNNClassifier
from sknn.presets import ConvNet

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=810, stratify=y, random_state=0
)

convnet = ConvNet(hidden_layer_sizes=(32,))
net = CNNClassifier(convnet, image_shape=(8, 8), max_iter=9, random_state=0)
grid = {
    "layers__filters": [(8,), (16,), (8, 16)],
    "learning_rate_init": [0.001, 0.003, 0.01],
    "layers__dropout": [0.0, 0.3],
}
halving = {"factor": 3, "cv": 2, "random_state": 0}
searches = {
    "grid": GridSearchCV(net, grid, cv=2),
    "halving, samples": HalvingGridSearchCV(net, grid, min_resources=90, **halving),
    "halving, epochs": HalvingGridSearchCV(
        net, grid, resource="max_iter", min_resources=1, max_resources=9, **halving
    ),
}


def candidate(parameters):
    """What identifies a candidate: the epochs that halving adds to the parameters do not."""
    return tuple(parameters[name] for name in grid)


def work(results):
    """Samples times epochs, in units of one candidate with all of them."""
    if "n_resources" not in results:
        return len(results["params"])
    return (results["n_resources"] / results["n_resources"].max()).sum()


for name, search in searches.items():
    search.fit(X_train, y_train)
    units, best = (
        work(search.cv_results_),
        dict(zip(grid, candidate(search.best_params_), strict=True)),
    )
    print(
        f"{name:15} {units:4.1f} units of work, accuracy {search.score(X_test, y_test):.3f}\n   {best}"
    )

# %%
# Halving does a third of the work. Each line is a candidate, up to its last round: rounds have 18, 6 and 2 candidates, while epochs or samples grow
# by a factor of three. Lines cross: the best after one epoch need not be the best after three. Where that happens often, start with more.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
for ax, name in zip(axes, list(searches)[1:], strict=True):
    results, best = searches[name].cv_results_, candidate(searches[name].best_params_)
    tried = [candidate(parameters) for parameters in results["params"]]
    for one in sorted(set(tried), key=lambda one: one == best):
        rounds = [i for i, other in enumerate(tried) if other == one]
        style = {"color": "C3", "label": "chosen"} if one == best else {"color": "0.7"}
        ax.plot(
            results["n_resources"][rounds],
            results["mean_test_score"][rounds],
            "o-",
            markersize=4,
            **style,
        )
    steps = searches[name].n_resources_
    ax.set_xscale("log")
    ax.set_xticks(steps, [str(step) for step in steps])
    ax.set_xticks([], minor=True)
    ax.set(title=f"{name}: {work(results):.1f} units of work", xlabel=name.partition(", ")[2])
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
axes[0].set_ylabel("accuracy, mean of 2 folds")
fig.suptitle(f"The whole grid: {work(searches['grid'].cv_results_)} units of work")

plt.show()
