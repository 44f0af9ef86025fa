"""One network trained by the workers of a real cluster."""

import os
import pickle
import signal
import time
from threading import Thread

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score

from sknn import CNNClassifier, MLPClassifier, MLPRegressor
from sknn.dask import Distributed
from tests.dask.samples import (
    IMAGES,
    NUMBERS,
    NUMBERS_X,
    X_TEST,
    Y_TEST,
    X,
    Y,
    cnn,
    mlp,
    same_bits,
)

da = pytest.importorskip("dask.array", reason="dask is absent")
dd = pytest.importorskip("dask.dataframe", reason="dask's data frames need pyarrow")
pd = pytest.importorskip("pandas", reason="pandas is absent")
pytest.importorskip("distributed", reason="distributed is absent")

#: Seeds differ by a point on so few samples: 0.3 points are for benchmarks/dask_workers.py to see.
TOLERANCE = 0.01
LONG = {"max_iter": 15, "batch_size": 64, "learning_rate": "cosine"}


def quick(net, **parameters):
    """To train with one round in an epoch."""
    return Distributed(net, **{"rounds_per_epoch": 1, **parameters})


def arrays(X, y, n_chunks=4):
    """X and y as dask arrays with that many chunks."""
    size = -(-len(X) // n_chunks)
    return da.from_array(X, chunks=(size, *X.shape[1:])), da.from_array(y, chunks=size)


@pytest.fixture(scope="module")
def one_process():
    """Mean accuracy of fits in one process."""
    return np.mean([mlp(**LONG, random_state=s).fit(X, Y).score(X_TEST, Y_TEST) for s in range(3)])


@pytest.mark.parametrize("n_replicas", [2, 4])
def test_accuracy_is_that_of_one_process(client, one_process, n_replicas):
    net = Distributed(mlp(**LONG), n_replicas=n_replicas, rounds_per_epoch=2).fit(*arrays(X, Y))
    assert net.score(X_TEST, Y_TEST) > one_process - TOLERANCE
    assert net.n_replicas_ == n_replicas


def test_result_is_an_ordinary_estimator(client):
    net = quick(mlp()).fit(*arrays(X, Y)).estimator_
    assert type(net) is MLPClassifier
    assert net.get_params() == mlp().get_params()
    assert net.n_iter_ == len(net.loss_curve_) == 3
    assert net.loss_ == net.loss_curve_[-1] < net.loss_curve_[0]
    assert net.t_ == 3 * len(X)
    assert net.coefs_[0].dtype == np.float32
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict(X_TEST), net.predict(X_TEST))
    net.partial_fit(X, Y)
    assert net.t_ == 4 * len(X)


def test_same_partitions_give_the_same_bits(client):
    first, second = (
        quick(mlp(max_iter=1), n_replicas=2, rounds_per_epoch=3).fit(*arrays(X, Y))
        for _ in range(2)
    )
    other = quick(mlp(max_iter=1), n_replicas=2, rounds_per_epoch=3).fit(*arrays(X, Y, 3))
    assert same_bits(first, second)
    assert not same_bits(first, other)


def test_worker_killed_in_the_middle_of_an_epoch(client):
    """Its tasks and its partitions are computed again elsewhere, with the same bits."""
    net = Distributed(mlp(max_iter=2), n_replicas=4, rounds_per_epoch=4)
    expected = clone(net).fit(*arrays(X, Y))
    fit = Thread(target=net.fit, args=arrays(X, Y))
    before = client.run(os.getpid)
    fit.start()
    while not any(
        "train" in key for keys in client.processing().values() for key in map(str, keys)
    ):
        time.sleep(0.01)
    victim = next(iter(before.values()))
    os.kill(victim, signal.SIGKILL)
    assert fit.is_alive()
    fit.join()
    assert same_bits(net, expected)
    client.wait_for_workers(4)
    assert victim not in client.run(os.getpid).values()


def test_as_many_replicas_as_workers(client):
    assert quick(mlp(max_iter=1)).fit(*arrays(X, Y, 5)).n_replicas_ == 4
    with pytest.warns(UserWarning, match="X has 2 partitions with samples for 4 workers"):
        net = quick(mlp(max_iter=1)).fit(*arrays(X, Y, 2))
    assert net.n_replicas_ == 2


def test_one_replica_without_outer_momentum_trains_as_ever(client):
    """Its steps are those of an epoch of an ordinary fit, in rounds."""
    plain = {"n_replicas": 1, "outer_learning_rate": 1.0, "outer_momentum": 0.0}
    net = quick(mlp(**LONG), **plain).fit(*arrays(X, Y, 1))
    assert net.score(X_TEST, Y_TEST) > 0.95


def test_regressor(client):
    net = MLPRegressor(
        hidden_layer_sizes=16, max_iter=20, batch_size=32, learning_rate_init=0.02, random_state=0
    )
    X, y = arrays(NUMBERS_X, NUMBERS)
    fitted = quick(net).fit(X, y)
    assert fitted.score(X, y) > 0.4
    assert is_regressor(fitted)
    assert not hasattr(fitted, "predict_proba")
    np.testing.assert_array_equal(fitted.predict(X), fitted.estimator_.predict(NUMBERS_X))
    two = quick(net).fit(X, da.from_array(np.column_stack([NUMBERS, NUMBERS]), (111, 2)))
    assert two.predict(X).compute().shape == (len(NUMBERS), 2)


def test_images_are_standardized_by_all_of_them(client):
    darker = np.concatenate([IMAGES[:600], IMAGES[600:] / 4])
    X, y = arrays(darker, Y)
    net = quick(cnn()).fit(X, y).estimator_
    alone = cnn().fit(darker, Y)
    np.testing.assert_allclose(net.channel_means_, alone.channel_means_)
    np.testing.assert_allclose(net.channel_scales_, alone.channel_scales_)
    assert net.score(darker, Y) > 0.5
    assert not np.array_equal(net.batch_means_[0], np.zeros(4))
    assert min(variance.min() for variance in net.batch_variances_) > 0


def test_images_of_bytes_with_augmentation(client):
    from sknn.augmentation import Augmentation

    bytes_ = (IMAGES * 255).astype(np.uint8)
    net = CNNClassifier(max_iter=1, augmentation=Augmentation(shift=1), random_state=0)
    fitted = quick(net).fit(*arrays(bytes_, Y))
    assert fitted.predict_proba(da.from_array(bytes_, (400, 8, 8))).compute().shape == (1200, 10)


def test_data_frames(client):
    """Names of features are learned, empty partitions are passed over, sizes need not be known."""
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)])
    frame["label"] = pd.Series(Y).map(str).astype(object)
    parts = dd.from_pandas(frame, npartitions=5)
    parts = parts.map_partitions(lambda part: part[(part.index < 240) | (part.index >= 480)])
    features, y = parts.drop(columns="label"), parts["label"]
    net = quick(mlp(**LONG)).fit(features, y)
    assert list(net.estimator_.feature_names_in_) == list(frame.columns[:-1])
    assert net.classes_.tolist() == [str(i) for i in range(10)]
    predicted = net.predict(features)
    assert accuracy_score(y.compute(), predicted.compute()) == net.score(features, y) > 0.95
    unknown = quick(mlp(max_iter=1)).fit(features.to_dask_array(), y)
    assert unknown.predict_proba(features.to_dask_array()).compute().shape[1] == 10


def test_sample_weight(client):
    """Samples without weight are not there."""
    weights = np.where(Y == 3, 0.0, 1.0)
    X_, y = arrays(X, Y)
    net = quick(mlp(**LONG)).fit(X_, y, da.from_array(weights, 300))
    assert 3 not in net.estimator_.predict(X)
    assert net.score(X_, y, da.from_array(weights, 300)) > 0.95 > net.score(X_, y)


def test_several_columns(client):
    X_, labels = load_iris(return_X_y=True)
    indicators = np.column_stack([labels == 0, labels > 1]).astype(int)
    net = quick(mlp(max_iter=1)).fit(da.from_array(X_, (30, 4)), da.from_array(indicators, (30, 2)))
    assert net.predict_proba(da.from_array(X_, (30, 4))).compute().shape == (150, 2)
    columns = np.column_stack([labels, labels % 2])
    net.fit(da.from_array(X_, (30, 4)), da.from_array(columns, (30, 2)))
    assert [len(classes) for classes in net.classes_] == [3, 2]
    with pytest.raises(ValueError, match="several columns of classes is no one array"):
        net.predict_proba(da.from_array(X_, (30, 4)))


def test_training_stops_where_nothing_improves(client):
    net = mlp(max_iter=50, tol=1e9, n_iter_no_change=2)
    assert quick(net).fit(*arrays(X, Y)).estimator_.n_iter_ == 4


def test_verbose_and_the_time_limit(client, capsys):
    with pytest.warns(match="Training stopped after max_time"):
        quick(mlp(max_time=1e-9, verbose=True)).fit(*arrays(X, Y))
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")


def test_tags_and_parameters():
    net = quick(mlp())
    assert is_classifier(net)
    assert net.get_params()["estimator__max_iter"] == 3
    with pytest.raises(NotFittedError):
        net.predict(X)
