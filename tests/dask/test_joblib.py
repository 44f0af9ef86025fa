"""Searches, cross-validation and bagging on the cluster, by joblib's backend."""

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score

from sknn import TabularClassifier
from sknn.streams import prefetch
from tests.dask.samples import X, Y, mlp

pytest.importorskip("distributed", reason="distributed is absent")
X, Y = X[:300], Y[:300]


def test_grid_search(client):
    search = GridSearchCV(mlp(), {"hidden_layer_sizes": [4, 16]}, cv=2, n_jobs=-1)
    here = search.fit(X, Y).cv_results_["mean_test_score"]
    with joblib.parallel_backend("dask"):
        there = search.fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(here, there)


def test_cross_validation(client):
    here = cross_val_score(mlp(), X, Y, cv=2)
    with joblib.parallel_backend("dask"):
        there = cross_val_score(mlp(), X, Y, cv=2, n_jobs=-1)
    np.testing.assert_array_equal(here, there)


def test_bagging(client):
    bagging = BaggingClassifier(mlp(), n_estimators=4, n_jobs=-1, random_state=0)
    here = bagging.fit(X, Y).predict_proba(X)
    with joblib.parallel_backend("dask"):
        there = bagging.fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(here, there)


def test_cross_validation_of_tabular_estimators(client):
    """All members of an ensemble are trained by the worker that has its task."""
    net = TabularClassifier(effort="fast", n_members=2, max_iter=2, random_state=0)
    here = cross_val_score(net, *load_iris(return_X_y=True), cv=2)
    with joblib.parallel_backend("dask"):
        there = cross_val_score(net, *load_iris(return_X_y=True), cv=2, n_jobs=-1)
    np.testing.assert_array_equal(here, there)


def test_partitions_as_a_stream(client):
    """Batches of `partial_fit` from dask collections, the next ones computed meanwhile."""
    import dask
    import dask.array as da

    blocks = [
        collection.to_delayed().ravel()
        for collection in (da.from_array(X, (100, 64)), da.from_array(Y, 100))
    ]
    stream, loop = mlp(), mlp()
    for X_i, y_i in prefetch(dask.compute(*pair) for pair in zip(*blocks, strict=True)):
        stream.partial_fit(X_i, y_i, classes=range(10))
    for start in range(0, 300, 100):
        part = slice(start, start + 100)
        loop.partial_fit(X[part], Y[part], classes=range(10))
    np.testing.assert_array_equal(stream.coefs_[0], loop.coefs_[0])
