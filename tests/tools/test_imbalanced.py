"""imbalanced-learn: its pipelines and samplers before a network."""

import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from sknn import MLPClassifier


def test_oversampling_in_a_pipeline():
    imblearn = pytest.importorskip("imblearn.pipeline", reason="needs imbalanced-learn")
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    X, y = make_classification(500, weights=[0.95], flip_y=0, class_sep=0.8, random_state=0)

    def fitted(*samplers):
        net = MLPClassifier(20, max_iter=30, random_state=0)
        return imblearn.make_pipeline(StandardScaler(), *samplers, net).fit(X, y)

    plain, balanced = fitted(), fitted(over_sampling.SMOTE(random_state=0))
    scores = [balanced_accuracy_score(y, model.predict(X)) for model in (plain, balanced)]
    assert scores[1] > scores[0]
