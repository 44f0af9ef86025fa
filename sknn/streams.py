"""Batches from elsewhere, read while the network trains."""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

#: seconds after which a thread that waits looks whether it is still wanted
LOOK = 0.1


class _End:
    """What comes after the last batch: nothing, or the error that ended it."""

    def __init__(self, error=None):
        self.error = error


def prefetch(batches: Iterable[Any], ahead: int = 2) -> Iterator[Any]:
    """Iterate over batches while a thread reads the next ones.

    The engine trains with the GIL released, so that reading, decompressing and decoding go on beside
    it. The batches are those of the iterable, in its order.

    Parameters
    ----------
    batches : iterable
        Of anything: pairs (X, y), record batches of a Parquet file, partitions of a dask collection.
        It is read in a thread of its own, and by nobody else.
    ahead : int, default=2
        Batches that may wait, at the most; so many and two more are in memory.

    Returns
    -------
    batches : iterator
        Gives the same batches. Reading begins with the first one that is asked for.

    Raises
    ------
    ValueError
        Where `ahead` is less than 1.
    Exception
        Those of the iterable, after the batches that came before.

    See Also
    --------
    sknn.dask.Distributed : One network trained by many workers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.streams import prefetch
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(random_state=0)
    >>> for part in prefetch(slice(start, start + 50) for start in range(0, 150, 50)):
    ...     net = net.partial_fit(X[part], y[part], classes=[0, 1, 2])
    >>> net.t_
    150
    """
    if ahead < 1:
        raise ValueError(f"ahead={ahead!r} must be an integer >= 1.")
    return _prefetched(batches, ahead)


def _prefetched(batches, ahead):
    queue: Queue = Queue(ahead)
    unwanted = Event()
    reader = Thread(target=_read, args=(batches, queue, unwanted), daemon=True)
    reader.start()
    try:
        while not isinstance(batch := queue.get(), _End):
            yield batch
        if batch.error is not None:
            raise batch.error
    finally:
        unwanted.set()
        reader.join()


def _read(batches, queue, unwanted):
    """Puts batches into the queue as long as somebody wants them; at the end an _End."""
    end = _End()
    try:
        for batch in batches:
            if not _put(queue, batch, unwanted):
                return
    except BaseException as error:  # for the thread that iterates to raise
        end = _End(error)
    _put(queue, end, unwanted)


def _put(queue, item, unwanted):
    """Whether the item is in the queue; False where it is unwanted by now."""
    while not unwanted.is_set():
        try:
            queue.put(item, timeout=LOOK)
            return True
        except Full:
            continue
    return False
