"""Dask collections as partitions of samples: checked, loaded once, and looked at where they lie."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknn.inputs.images import (
    channel_moments,
    rows_of_images,
    scales_of,
    shape_of_rows,
)


@dataclass(frozen=True)
class Facts:
    """What a worker says about a partition."""

    #: numbers of samples of X, y and the weights
    lengths: tuple[int, ...]
    #: sorted labels of each column of y; None for continuous targets
    labels: list | None
    #: weight, means, standard deviations of the channels of images
    channels: tuple | None


@dataclass
class Partition:
    """Some samples: futures of their parts, and what is known of them."""

    X: Any
    y: Any
    sample_weight: Any
    facts: Facts

    @property
    def n_samples(self):
        return self.facts.lengths[0]


def is_collection(X):
    """Whether X is a dask array, dataframe or series."""
    return hasattr(X, "__dask_graph__") and hasattr(X, "to_delayed")


def blocks_of(X, name):
    """The partitions of a dask collection, delayed; raises for what is none, or is not cut by samples alone.

    Parameters
    ----------
    X : dask array, dataframe or series
    name : {"X", "y", "sample_weight"}
    """
    if not is_collection(X):
        raise TypeError(
            f"{name} is a {type(X).__name__}; Distributed trains on dask.array and dask.dataframe. "
            "dask.array.from_array makes one, or fit the estimator itself."
        )
    if hasattr(X, "chunks"):
        cut = [axis for axis, chunks in enumerate(X.chunks) if axis and len(chunks) > 1]
        if cut:
            raise ValueError(
                f"{name} has chunks {X.chunks}, which divide samples: rechunk it along its first axis "
                f"alone, as {name}.rechunk({{{cut[0]}: -1}})."
            )
    elif hasattr(X, "dtypes"):
        _check_dtypes(X, name)
    return list(np.ravel(X.to_delayed()))


def _check_dtypes(X, name):
    """Raise for columns that are no numbers, before any worker reads them; labels may be anything."""
    dtypes = X.dtypes.items() if name == "X" and hasattr(X.dtypes, "items") else ()
    others = [f"{column!r} ({dtype})" for column, dtype in dtypes if not _is_number(dtype)]
    if others:
        raise ValueError(
            f"X has columns that are no numbers: {', '.join(others)}. Encode them, such as by "
            "dask.dataframe.get_dummies(X.categorize()), so that all partitions have the same "
            "categories."
        )


def _is_number(dtype):
    return getattr(dtype, "kind", "O") in "biuf"


def load_partitions(client, net, X, y, sample_weight):
    """The Partitions that hold samples; their data stay on the workers as long as these live.

    Parameters
    ----------
    client : distributed.Client
    net : NetworkEstimator
    X, y : dask collections
    sample_weight : dask collection or None
    """
    given = {"X": X, "y": y} | ({} if sample_weight is None else {"sample_weight": sample_weight})
    blocks = {name: blocks_of(collection, name) for name, collection in given.items()}
    counts = {name: len(found) for name, found in blocks.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(
            f"The numbers of partitions differ: {counts}. Rechunk or repartition them to the same."
        )
    futures = {name: client.compute(found) for name, found in blocks.items()}
    weights = futures.get("sample_weight", [None] * counts["X"])
    parts = list(zip(futures["X"], futures["y"], weights, strict=True))
    looks = [client.submit(look_at, net, *part, pure=False) for part in parts]
    partitions = [
        Partition(*part, facts) for part, facts in zip(parts, client.gather(looks), strict=True)
    ]
    for number, partition in enumerate(partitions):
        _check_lengths(number, dict(zip(given, partition.facts.lengths, strict=False)))
    filled = [partition for partition in partitions if partition.n_samples]
    if not filled:
        raise ValueError("X has no samples in any of its partitions.")
    return filled


def _check_lengths(number, lengths):
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"Partition {number} has different numbers of samples: {lengths}. Rechunk or repartition "
            "them to the same; compute_chunk_sizes() of an array shows sizes that are not known."
        )


def look_at(net, X, y, sample_weight):
    """The Facts of a partition; a task.

    Parameters
    ----------
    net : NetworkEstimator
        Not fitted.
    X, y, sample_weight : a partition
    """
    lengths = len(X), len(y), len(X) if sample_weight is None else len(sample_weight)
    labels = None if net._numeric_targets else _labels(y)
    standardizes = net._family.takes_images and net.standardize and len(set(lengths)) == 1
    channels = _channels(net, X, sample_weight) if standardizes and len(X) else None
    return Facts(lengths, labels, channels)


def _labels(y):
    """Sorted labels of each column."""
    y = np.asarray(y)
    return [np.unique(column) for column in (y[:, np.newaxis] if y.ndim == 1 else y).T]


def _channels(net, X, sample_weight):
    """(weight, means, standard deviations) of the channels of some images."""
    rows, found = rows_of_images(X, net.channels_first)
    rows = np.asarray(rows)
    shape = shape_of_rows(rows.shape[1], net.image_shape, found)
    weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)
    total = float(len(rows) if weights is None else weights.sum())
    if not total:
        return 0.0, 0.0, 0.0
    samples = np.arange(len(rows))
    return total, *channel_moments(rows, samples, weights, shape, net.channels_first)


def all_classes(partitions, classes=None):
    """The classes as `partial_fit` takes them: those of all partitions, or those given, checked.

    Parameters
    ----------
    partitions : list of Partition
        Of a classifier.
    classes : array-like or list of them, default=None

    Returns
    -------
    classes : ndarray, or list of them for several columns of classes
    """
    found = [partition.facts.labels for partition in partitions]
    n_columns = {len(columns) for columns in found}
    if len(n_columns) > 1:
        raise ValueError(
            f"The partitions of y have {sorted(n_columns)} columns: give all the same."
        )
    if classes is None:
        together = [np.unique(np.concatenate(column)) for column in zip(*found, strict=True)]
        return _as_classes(together)
    known = classes if n_columns != {1} else [classes]
    for number, columns in enumerate(found):
        for labels, expected in zip(columns, known, strict=False):
            unknown = np.setdiff1d(labels, expected)
            if len(unknown):
                raise ValueError(
                    f"Partition {number} of y has the labels {unknown.tolist()}, which are not in "
                    f"classes={classes!r}. Name all that y has, or leave classes out."
                )
    return classes


def _as_classes(columns):
    """One array for one column, column numbers for a matrix of 0 and 1, else a list."""
    if len(columns) == 1:
        return columns[0]
    binary = all(np.isin(column, (0, 1)).all() for column in columns)
    return np.arange(len(columns)) if binary else columns


def all_channels(partitions):
    """(means, scales) of the channels of all images together."""
    masses, means, deviations = zip(
        *(partition.facts.channels for partition in partitions), strict=True
    )
    parts = np.array(masses) / sum(masses)
    mean = sum(part * m for part, m in zip(parts, means, strict=True))
    squares = (d**2 + (m - mean) ** 2 for m, d in zip(means, deviations, strict=True))
    variance = sum(part * square for part, square in zip(parts, squares, strict=True))
    return mean, scales_of(mean, np.sqrt(variance))
