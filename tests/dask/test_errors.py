"""What cannot be trained is refused before a worker trains, with what to do instead."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn import TabularClassifier
from sknn.dask import Distributed
from tests.dask.samples import X, Y, mlp

da = pytest.importorskip("dask.array", reason="dask is absent")
dd = pytest.importorskip("dask.dataframe", reason="dask's data frames need pyarrow")
pd = pytest.importorskip("pandas", reason="pandas is absent")
pytest.importorskip("distributed", reason="distributed is absent")

X, Y = X[:200], Y[:200]
DX, DY = da.from_array(X, (50, 64)), da.from_array(Y, 50)


def of_unknown_sizes(array):
    """The array as one whose chunks have sizes that only their computation shows."""
    return array[da.from_array(np.arange(len(array)) >= 0, array.chunks[0])]


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (da.from_array(X, (50, 32)), DY, r"divide samples: .*X.rechunk\(\{1: -1\}\)"),
        (DX, da.from_array(Y, 100), r"numbers of partitions differ: \{'X': 4, 'y': 2\}"),
        (DX, da.from_array(Y, ((60, 40, 50, 50),)), "Partition 0 has different numbers of samples"),
        (
            of_unknown_sizes(DX),
            of_unknown_sizes(da.from_array(Y, ((50, 50, 60, 40),))),
            r"Partition 2 has .*\{'X': 50, 'y': 60\}.*compute_chunk_sizes",
        ),
        (DX[:0], DY[:0], "no samples in any"),
    ],
    ids=["features", "counts", "lengths", "unknown lengths", "empty"],
)
def test_partitions_that_do_not_fit(client, X, y, message):
    with pytest.raises(ValueError, match=message):
        Distributed(mlp()).fit(X, y)


def test_data_that_are_no_collections(client):
    with pytest.raises(TypeError, match=r"X is a ndarray.*dask.array.from_array"):
        Distributed(mlp()).fit(X, DY)
    with pytest.raises(TypeError, match="y is a ndarray"):
        Distributed(mlp()).fit(DX, Y)


def test_labels_that_are_not_in_classes(client):
    with pytest.raises(ValueError, match=r"Partition 0 of y has the labels \[.*9\], which are not"):
        Distributed(mlp()).fit(DX, DY, classes=[0, 1, 2])
    few = da.from_array(Y % 3, 50)
    assert Distributed(mlp(max_iter=1)).fit(DX, few, classes=range(4)).classes_.tolist() == [
        0,
        1,
        2,
        3,
    ]


def test_categories_are_to_be_encoded_before(client):
    frame = dd.from_pandas(
        pd.DataFrame({"a": range(4), "b": pd.Categorical(list("xyxy"))}), npartitions=2
    )
    with pytest.raises(ValueError, match=r"no numbers: 'b' \(category\). Encode them.*get_dummies"):
        Distributed(mlp()).fit(frame, frame["a"])


def test_more_replicas_than_partitions(client):
    with pytest.raises(ValueError, match="n_replicas=5 is more than the 4 partitions"):
        Distributed(mlp(), n_replicas=5).fit(DX, DY)


@pytest.mark.parametrize("estimator", [TabularClassifier(), make_pipeline(StandardScaler(), mlp())])
def test_estimators_that_are_not_one_network(estimator):
    with pytest.raises(TypeError, match="Distributed trains the estimators of one network"):
        Distributed(estimator).fit(DX, DY)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs' cannot .* stochastic solver"),
        ({"early_stopping": True}, "early_stopping=True cannot"),
        ({"class_weight": "balanced"}, "class_weight='balanced' cannot .* as a dict"),
    ],
)
def test_parameters_that_need_all_samples_in_one_place(parameters, message):
    with pytest.raises(ValueError, match=message):
        Distributed(mlp(**parameters)).fit(DX, DY)


def test_errors_of_the_workers_reach_the_user(client):
    X_nan = X.copy()
    X_nan[60] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        Distributed(mlp()).fit(da.from_array(X_nan, (50, 64)), DY)
    with pytest.raises(ValueError, match="non-finite|diverged"):
        Distributed(mlp(solver="sgd", learning_rate_init=1e30)).fit(DX, DY)


ROOT = Path(__file__).parents[2]
WITHOUT_A_CLIENT = """
from tests.dask.test_errors import DX, DY, Distributed, mlp
Distributed(mlp()).fit(DX, DY)
"""


def test_without_a_client():
    """In a process of its own: here other tests have one."""
    command = [sys.executable, "-c", WITHOUT_A_CLIENT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "ValueError: Distributed needs a cluster: create a client" in done.stderr


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r'needs distributed; .* "sknn\[dask\]" brings it'):
        Distributed(mlp()).fit(DX, DY)
