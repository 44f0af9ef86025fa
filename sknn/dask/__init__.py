"""One network trained on the partitions of dask collections, by many workers.

``Distributed`` is the estimator. A fit looks at every partition once (`partitions`), builds the network on one of
them, and then runs round after round (`rounds`): each replica trains on some samples where they lie (`tasks`), the
differences are averaged, and an outer optimizer makes a step of the average.
"""

from sknn.dask.distributed import Distributed

__all__ = ["Distributed"]
