"""What keeps fits and predictions of several threads apart.

A fit works on a draft of the estimator and puts the whole result in its place in one step. A prediction
holds on to the attributes that there are when it begins. So it sees one fit, old or new, never a mixture,
and a fit that fails leaves nothing behind.
"""

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


def draft_of(estimator):
    """A shallow copy to fit; not ``copy.copy``, which takes what a pickle keeps."""
    draft = object.__new__(type(estimator))
    draft.__dict__ = estimator.__dict__.copy()
    return draft


def publish(estimator, before, draft):
    """Give an estimator what a draft has learned, in one step.

    `before` is the dictionary that the draft was made of: what was set on the estimator since then, by
    a callback for example, stays.
    """
    after = draft.__dict__
    kept = {k: v for k, v in estimator.__dict__.items() if k in after or k not in before}
    learned = {k: v for k, v in after.items() if k not in before or v is not before[k]}
    estimator.__dict__ = kept | learned
