"""Batches that are read ahead: the same, in order; errors arrive; nobody reads on where none is wanted."""

import threading
import time

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknn import MLPClassifier
from sknn.streams import prefetch


@pytest.mark.parametrize("ahead", [1, 3])
def test_all_batches_in_order(ahead):
    assert list(prefetch(range(20), ahead)) == list(range(20))
    assert list(prefetch([], ahead)) == []


def test_next_batches_are_read_meanwhile():
    read = []

    def batches():
        for number in range(10):
            read.append(number)
            yield number

    stream = prefetch(batches(), ahead=2)
    assert next(stream) == 0
    deadline = time.monotonic() + 10
    while len(read) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert read == [0, 1, 2, 3]  # one was taken, two wait, one waits for a place
    assert list(stream) == list(range(1, 10))


def test_error_comes_after_the_batches_before_it():
    def batches():
        yield 1
        raise OSError("disk full")

    stream = prefetch(batches())
    assert next(stream) == 1
    with pytest.raises(OSError, match="disk full"):
        next(stream)


def test_reading_ends_with_the_iteration():
    def endless():
        while True:
            yield 0

    before = threading.active_count()
    for _ in prefetch(endless()):
        break
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_ahead_is_positive():
    with pytest.raises(ValueError, match="ahead=0 must be"):
        prefetch([], ahead=0)


def test_training_is_that_of_a_loop():
    X, y = load_iris(return_X_y=True)
    batches = [(X[i::3], y[i::3]) for i in range(3)]
    loop, stream = (MLPClassifier(8, random_state=0) for _ in range(2))
    for X_i, y_i in batches:
        loop.partial_fit(X_i, y_i, classes=[0, 1, 2])
    for X_i, y_i in prefetch(batches):
        stream.partial_fit(X_i, y_i, classes=[0, 1, 2])
    np.testing.assert_array_equal(loop.coefs_[0], stream.coefs_[0])


def test_parquet(tmp_path):
    pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is absent")
    from pyarrow import parquet

    X, y = load_iris(return_X_y=True)
    table = pyarrow.table({f"x{i}": X[:, i] for i in range(4)} | {"y": y})
    parquet.write_table(table, tmp_path / "iris.parquet")
    net = MLPClassifier(8, random_state=0)
    file = parquet.ParquetFile(tmp_path / "iris.parquet")
    for batch in prefetch(file.iter_batches(batch_size=40)):
        frame = batch.to_pandas()
        net.partial_fit(frame.drop(columns="y"), frame["y"], classes=[0, 1, 2])
    assert net.t_ == 150
    assert list(net.feature_names_in_) == ["x0", "x1", "x2", "x3"]
