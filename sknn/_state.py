"""The state of an estimator: what fit has learned, kept whole while several threads fit and predict.

A fit works on a copy of the estimator and puts the whole result in its place in one step. A prediction works
on a snapshot: the attributes that there are when it begins. So it sees one fit, old or new, never a mixture,
and a fit that fails changes nothing.
"""

import copy
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from sklearn.base import clone

#: attributes that predictions fill: compiled programs, parameters that were found valid
CACHES = ("_programs", "_valid_parameters")
#: beginnings of the names of scikit-learn's own attributes: set_output, callbacks, metadata routing
SCIKIT_LEARNS = ("_skl", "_parent_callback", "_metadata_request")

#: ids of the snapshots that are in use
_SNAPSHOTS: set[int] = set()


Method = TypeVar("Method", bound=Callable[..., Any])


def on_snapshot(method: Method) -> Method:
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

    return method_on_snapshot  # type: ignore[return-value]


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


def learned(estimator):
    """What fit has set, but for what predictions fill and what scikit-learn keeps on an estimator."""
    return {
        name: value
        for name, value in vars(estimator).items()
        if (name.endswith("_") or name.startswith("_"))
        and not name.startswith(SCIKIT_LEARNS)
        and name not in CACHES
    }


def copied_parameters(estimator):
    """Copies of the parameters that are objects: optimizers, layers, lists, ...

    Not of the scorer, which is only called, and to be called where it is.
    """
    names = {*estimator._parameter_constraints, *estimator._get_param_names()} - {"scoring"}
    given = {name: value for name, value in vars(estimator).items() if name in names}
    copies = {name: clone(value, safe=False) for name, value in given.items()}
    return {name: value for name, value in copies.items() if value is not given[name]}


def as_if_fitted(estimator, found):
    """An estimator as if fit had ended here, for a scorer or callback: it shares nothing with this one.

    `found` are the attributes that it is to have beside or in place of those that are learned by now.
    """
    own = copy.copy(estimator)
    known = {name: value for name, value in learned(estimator).items() if name not in found}
    vars(own).update(copied_parameters(estimator) | copy.deepcopy(known) | found)
    return own
