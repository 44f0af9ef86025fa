"""What keeps fits and predictions of several threads apart.

A fit works on a copy of the estimator and puts the whole result in its place in one step. A prediction works
on a snapshot: the attributes that there are when it begins. So it sees one fit, old or new, never a mixture,
and a fit that fails leaves nothing behind.
"""

from contextlib import contextmanager
from functools import wraps

#: ids of the snapshots that are in use
_SNAPSHOTS: set[int] = set()


def on_snapshot(method):
    """Decorator of a public method: all of it sees one fit, even if another thread refits meanwhile.

    In the method, and in those that it calls, overridden ones of subclasses too, ``self`` is another object
    with the same attributes: a fit replaces the dictionary of the estimator, the snapshot keeps the old one.
    """

    @wraps(method)
    def method_on_snapshot(self, *args, **kwargs):
        if id(self) in _SNAPSHOTS:  # called by a method that is on a snapshot
            return method(self, *args, **kwargs)
        snapshot = _sharing(self, self.__dict__)
        try:
            _SNAPSHOTS.add(id(snapshot))
            return method(snapshot, *args, **kwargs)
        finally:
            _SNAPSHOTS.discard(id(snapshot))

    return method_on_snapshot


@contextmanager
def atomic_fit(estimator):
    """Context of a fit: a copy of the estimator to fit, whose results are put in place at the end, in one step.

    What is set on the estimator meanwhile, by a callback for example, stays. After an error it is as it was.
    """
    before = estimator.__dict__.copy()
    working_copy = _sharing(estimator, before.copy())
    yield working_copy
    after = working_copy.__dict__
    current = estimator.__dict__.copy()  # others may add to it at any time
    kept = {k: v for k, v in current.items() if k in after or k not in before}
    learned = {k: v for k, v in after.items() if k not in before or v is not before[k]}
    estimator.__dict__ = kept | learned


def _sharing(estimator, attributes):
    """An object of the estimator's class with these attributes; copy.copy would take what a pickle keeps."""
    cls = type(estimator)
    other = cls.__new__(cls)  # type: ignore[call-overload]
    other.__dict__ = attributes
    return other
