"""Predictions of a fitted estimator for the partitions of a dask collection, where they lie."""

from math import prod

import numpy as np

from sknn._extra import import_extra
from sknn.dask.partitions import blocks_of, is_collection


def by_partitions(net, method, X):
    """What a method of an estimator gives for each partition of X, as one lazy array.

    Parameters
    ----------
    net : NetworkEstimator
        Fitted.
    method : str
        One that takes X and gives an array with a row for each sample.
    X : dask collection, or what the method itself takes
    """
    if not is_collection(X):
        return getattr(net, method)(X)
    dask = import_extra("dask", "Distributed", "dask")
    da = import_extra("dask.array", "Distributed", "dask")
    blocks = blocks_of(X, "X")
    lengths = X.chunks[0] if hasattr(X, "chunks") else [np.nan] * len(blocks)
    example = _example(net, method)
    predicted, on_workers = dask.delayed(_predicted, pure=True), dask.delayed(net, traverse=False)
    arrays = [
        da.from_delayed(
            predicted(on_workers, method, block, example),
            (length, *example.shape[1:]),
            meta=example,
        )
        for block, length in zip(blocks, lengths, strict=True)
    ]
    return da.concatenate(arrays, allow_unknown_chunksizes=True)


def _predicted(net, method, X, example):
    """The predictions of a partition, which may have no samples; a task."""
    return getattr(net, method)(X) if len(X) else example


def _example(net, method):
    """What a method gives for no samples: its dtype, and its shape but for their number."""
    shape = net.image_shape_ if net._family.takes_images else (net.n_features_in_,)
    X = np.zeros((1, prod(shape)), net._fitted_dtype())
    names = vars(net).get("feature_names_in_")
    if names is not None:
        X = import_extra("pandas", "Distributed", "dask").DataFrame(X, columns=names)
    return getattr(net, method)(X)[:0]
