"""
A first network
===============

Handwritten digits: fit a network, plot its loss curve, and see which digits it confuses.
"""

# %%
# The data: 1797 images of 8 by 8 pixels, flat. A network wants its inputs on one scale, so a
# :class:`~sklearn.preprocessing.StandardScaler` comes first.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

model = make_pipeline(
    StandardScaler(),
    MLPClassifier((64, 32), learning_rate_init=0.005, random_state=0),
)
model.fit(X_train, y_train)
print(f"accuracy on {len(y_test)} images: {model.score(X_test, y_test):.3f}")

# %%
# The training loss after each epoch. Training ended when more than ten epochs in a row had not improved it by ``tol``.

net = model[-1]
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.semilogy(range(1, net.n_iter_ + 1), net.loss_curve_)
ax.set(xlabel="epoch", ylabel="training loss", title="The loss goes down")
ax.grid(alpha=0.3)

# %%
# Which digits are confused? Rows are the true digits, columns the predictions.

# sphinx_gallery_thumbnail_number = 2
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
ConfusionMatrixDisplay.from_estimator(model, X_test, y_test, ax=ax, cmap="Blues", colorbar=False)
ax.set_title("Confusion matrix of the test set")

# %%
# The digits that the network got wrong, or, if there are none, was least sure of.

probability = model.predict_proba(X_test)
confidence_in_truth = probability[range(len(y_test)), y_test]
hardest = confidence_in_truth.argsort()[:8]
fig, axes = plt.subplots(1, 8, figsize=(9, 1.7), layout="constrained")
for ax, i in zip(axes, hardest, strict=True):
    ax.imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{y_test[i]} taken for {probability[i].argmax()}", fontsize=9)
    ax.axis("off")

plt.show()
