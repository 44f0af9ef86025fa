"""
Monotonic constraints
=====================

With few and noisy data a network may say that a disease gets milder as blood pressure rises. Where you know better, `monotonic_cst` forbids
it, by the same name and values as in scikit-learn's gradient boosting.
"""

# %%
# The progression of diabetes in a year, from ten measurements of half of the patients. It must not fall with the body mass index, the
# blood pressure and the triglycerides (s5), and must not rise with the HDL cholesterol (s3).

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.inspection import PartialDependenceDisplay
from sklearn.model_selection import train_test_split

from sknn import TabularRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
constraints = {"bmi": 1, "bp": 1, "s5": 1, "s3": -1}
models = {
    "free": TabularRegressor(random_state=0),
    "constrained": TabularRegressor(monotonic_cst=constraints, random_state=0),
}

# %%
# Each line is one patient: one measurement is changed while the others stay as they are.

fig, axes = plt.subplots(2, 4, figsize=(9, 4.4), layout="constrained", sharey=True)
for (name, net), row in zip(models.items(), axes, strict=True):
    net.fit(X_train, y_train)
    display = PartialDependenceDisplay.from_estimator(
        net,
        X_test,
        list(constraints),
        kind="both",
        subsample=40,
        grid_resolution=25,
        random_state=0,
        ice_lines_kw={"alpha": 0.4},
        pd_line_kw={"color": "black", "linestyle": "-"},
        ax=row,
    )
    for ax in display.axes_.ravel():
        ax.get_legend().remove()
        ax.set_ylabel("")
    row[0].set_ylabel(f"{name}\nprogression")
    print(f"{name:12} R² on the other half: {net.score(X_test, y_test):.3f}")

# %%
# The black line is the mean over all patients: it may look right while single patients turn the wrong way. The constraint holds by construction, for
# every patient and between all values, not only for those that were seen.
