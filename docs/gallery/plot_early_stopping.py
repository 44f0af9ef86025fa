"""
Early stopping on your validation data
======================================

``early_stopping="auto"`` watches the validation data that are passed to ``fit``. A :class:`~sklearn.pipeline.Pipeline` transforms
them like the training data.
"""

# %%
# A noisy problem on which a large network overfits: 20 features, of which 5 are informative, and one label in ten is wrong.

import matplotlib.pyplot as plt
import sklearn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = make_classification(
    n_samples=2000, n_features=20, n_informative=5, flip_y=0.2, class_sep=0.8, random_state=0
)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, train_size=600, random_state=0)
X_val, X_test, y_val, y_test = train_test_split(X_rest, y_rest, test_size=0.5, random_state=0)

# %%
# ``transform_input=["X_val"]`` sends the validation data through the scaler before it reaches the network.
# It needs scikit-learn's metadata routing. ``scoring="loss"`` watches the validation loss instead of the accuracy.

with sklearn.config_context(enable_metadata_routing=True):
    net = MLPClassifier(
        (200,),
        early_stopping="auto",
        scoring="loss",
        max_iter=200,
        n_iter_no_change=20,
        random_state=0,
    ).set_fit_request(X_val=True, y_val=True)
    model = Pipeline([("scale", StandardScaler()), ("net", net)], transform_input=["X_val"])
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)

# %%
# For comparison, the same network without early stopping.

full = Pipeline(
    [("scale", StandardScaler()), ("net", MLPClassifier((200,), max_iter=200, random_state=0))]
)
full.fit(X_train, y_train)

stopped = model["net"]
print(f"stopped after {stopped.n_iter_} epochs: test accuracy {model.score(X_test, y_test):.3f}")
print(f"trained for {full['net'].n_iter_} epochs: test accuracy {full.score(X_test, y_test):.3f}")

# %%
# Both curves are kept. ``predict`` uses the weights of the best epoch.

best = max(range(stopped.n_iter_), key=stopped.validation_scores_.__getitem__)
epochs = range(1, stopped.n_iter_ + 1)
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
ax.plot(
    range(1, full["net"].n_iter_ + 1), full["net"].loss_curve_, "C0:", label="training, not stopped"
)
ax.plot(epochs, stopped.loss_curve_, "C0", label="training, stopped")
ax.plot(epochs, stopped.validation_loss_curve_, "C1", label="validation")
ax.axvline(best + 1, color="0.5", lw=1)
ax.annotate("best epoch", (best + 1, ax.get_ylim()[1]), xytext=(5, -12), textcoords="offset points")
ax.set(xlabel="epoch", ylabel="log loss", title="The validation loss rises after the best epoch")
ax.legend()

plt.show()
