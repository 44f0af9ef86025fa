"""MLflow: autologging of a bare estimator, and models in its default format, skops."""

import logging
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

import sknn
import sknn.mlflow
from sknn import MLPClassifier, TabularClassifier

X, Y = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow and what it imports


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    """MLflow with a store of its own; without its patches afterwards."""
    mlflow = pytest.importorskip("mlflow", reason="needs mlflow")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    # files: a data base would take ten seconds to begin with
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    folder = tmp_path_factory.mktemp("mlflow") / "runs"  # not there yet: then it gets an experiment
    mlflow.set_tracking_uri(folder.as_uri())
    yield mlflow
    mlflow.sklearn.autolog(disable=True)
    monkeypatch.undo()


def new_runs(mlflow, fit):
    """The runs that a call brings."""
    before = set(mlflow.search_runs().get("run_id", []))
    fit()
    runs = mlflow.search_runs()
    return runs[~runs["run_id"].isin(before)]


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier(5, max_iter=3, random_state=0),
        TabularClassifier("fast", max_iter=3, n_threads=1, random_state=0),
        TabularClassifier("fast", max_iter=3, n_threads=2, random_state=0),
    ],
    ids=["mlp", "tabular", "tabular, 2 threads"],
)
def test_a_fit_is_one_run(mlflow, estimator):
    sknn.mlflow.autolog(log_models=False, log_datasets=False)
    runs = new_runs(mlflow, lambda: estimator.fit(X, Y))
    assert list(runs["tags.estimator_name"]) == [type(estimator).__name__]
    assert runs["metrics.training_accuracy_score"].item() == pytest.approx(estimator.score(X, Y))
    assert runs["params.max_iter"].item() == "3"


def test_a_search_is_one_run_with_children(mlflow):
    sknn.mlflow.autolog(log_models=False, log_datasets=False)
    search = GridSearchCV(MLPClassifier(5, max_iter=3), {"alpha": [0.1, 1.0]}, cv=2)
    runs = new_runs(mlflow, lambda: search.fit(X, Y))
    assert runs["tags.mlflow.parentRunId"].notna().sum() == 2
    assert len(runs) == 3


def test_no_runs_of_inner_trees(mlflow):
    mlflow.sklearn.autolog(disable=True)
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    tree = "sklearn.tree._classes.DecisionTreeClassifier"
    model = TabularClassifier("fast", max_iter=3, n_thresholds=4, n_members=2, n_threads=2)
    runs = new_runs(mlflow, lambda: model.fit(X, Y))
    assert model._encoder.n_thresholds > 0
    assert tree not in list(runs.get("tags.estimator_class", []))


def test_without_mlflow_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.sklearn", None)
    with pytest.raises(ImportError, match=r"needs mlflow; .*sknn\[mlflow\]"):
        sknn.mlflow.autolog()


def test_another_mlflow_says_what_to_do(monkeypatch):
    utils = pytest.importorskip("mlflow.sklearn.utils", reason="needs mlflow")
    monkeypatch.delattr(utils, "_all_estimators")
    with pytest.raises(RuntimeError, match="log_model"):
        sknn.mlflow.autolog()


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier(5, max_iter=3, random_state=0),
        TabularClassifier("fast", max_iter=3, n_threads=1, random_state=0),
    ],
    ids=["mlp", "tabular"],
)
def test_a_logged_model_predicts_the_same(mlflow, estimator):
    estimator.fit(X, Y)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            estimator, name="net", skops_trusted_types=sknn.trusted_types(), pip_requirements=[]
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict_proba(X), estimator.predict_proba(X))
