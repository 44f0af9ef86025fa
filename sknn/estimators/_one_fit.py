"""What keeps fits and predictions of several threads apart.

A fit works on a draft of the estimator and puts the whole result in its place in one step. A prediction
holds on to the attributes that there are when it begins. So it sees one fit, old or new, never a mixture,
and a fit that fails leaves nothing behind.
"""

from contextlib import contextmanager
from functools import wraps


def of_one_fit(method):
    """Decorator of a public method: all of it sees one fit, even if another thread refits meanwhile.

    The attributes are held by reference: a fit replaces the estimator's dictionary and leaves the old one
    as it is. What the method caches is kept there.
    """

    @wraps(method)
    def held(self, *args, **kwargs):
        holder = object.__new__(type(self))
        holder.__dict__ = self.__dict__
        return method(holder, *args, **kwargs)

    return held


@contextmanager
def draft_of(estimator):
    """Context of a fit: a copy of the estimator to fit, whose results are put in place at the end, in one step.

    What is set on the estimator meanwhile, by a callback for example, stays. After an error it is as it was.
    """
    draft = object.__new__(type(estimator))  # copy.copy would take what a pickle keeps
    draft.__dict__ = estimator.__dict__.copy()
    before = draft.__dict__.copy()
    yield draft
    after = draft.__dict__
    kept = {k: v for k, v in estimator.__dict__.items() if k in after or k not in before}
    learned = {k: v for k, v in after.items() if k not in before or v is not before[k]}
    estimator.__dict__ = kept | learned
