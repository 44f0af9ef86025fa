"""skrub: a TableVectorizer in front, for dates and text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sknn import TabularClassifier


@pytest.mark.filterwarnings("ignore")  # skrub's of pandas
def test_dates_and_text():
    skrub = pytest.importorskip("skrub", reason="needs skrub")
    n = np.arange(200)
    day = pd.date_range("2024-01-01", periods=200, freq="D")
    weekend = (day.dayofweek >= 5).astype(int)
    X = pd.DataFrame(
        {
            "when": day.astype(str),
            "text": [
                f"report number {i} on {'leisure' if w else 'work'}" for i, w in enumerate(weekend)
            ],
            "kind": pd.Categorical(np.where(n % 3, "a", "b")),
        }
    )
    vectorizer = skrub.TableVectorizer(low_cardinality="passthrough")
    model = make_pipeline(vectorizer, TabularClassifier("fast", random_state=0)).fit(X, weekend)
    assert model.score(X, weekend) > 0.9
    names = list(model[-1].feature_names_in_)
    assert "when_year" in names
    assert model[-1].is_categorical_[names.index("kind")]
