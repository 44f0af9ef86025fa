"""scikit-learn's decorators of methods; a type checker sees through these, and the signature stays."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.utils import metaestimators

Method = TypeVar("Method", bound=Callable[..., Any])


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Decorator: the method is there where `check` of the estimator is true."""
    return metaestimators.available_if(check)


def fit_context(fit: Method) -> Method:
    """Decorator: scikit-learn's context of a fit, which validates parameters and tells callbacks."""
    return _fit_context(prefer_skip_nested_validation=True)(fit)


def partial_fit_context(partial_fit: Method) -> Method:
    """Decorator: scikit-learn's context of a fit, which validates in every call.

    A method of the name "partial_fit" it validates only before the first fit.
    """
    partial_fit.__name__ = "fit"
    in_context = fit_context(partial_fit)
    in_context.__name__ = "partial_fit"
    return in_context
