"""What all estimators share: parameters that are stored and validated, state that can be pickled."""

from html import escape
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

from sknn._state import CACHES
from sknn._types import Array
from sknn.composition import (
    add_params_of_layers,
    set_params_of_layers,
    without_params_of_layers,
)

if TYPE_CHECKING:  # a base class that may be one or the other is unknown to a type checker
    CallbackSupportMixin = object
else:
    try:
        from sklearn.callback import CallbackSupportMixin
    except ImportError:  # scikit-learn < 1.9 has no callbacks
        CallbackSupportMixin = object


class Estimator(BaseEstimator, CallbackSupportMixin):
    """Base of the estimators, of one network and of several.

    An estimator stores its parameters and what fit has learned; the work is done by objects that it
    builds when they are needed: an input, targets, a network, a loop of training.
    """

    _parameter_constraints: dict

    n_features_in_: int
    feature_names_in_: Array
    n_outputs_: int
    n_iter_: int

    if TYPE_CHECKING:  # parameters are attributes, which `_store` sets

        def __getattr__(self, name: str) -> Any: ...

    # ---- parameters ----------------------------------------------------------------------------

    def _store(self, given):
        """For ``__init__``: stores its parameters, which are its ``locals()``, and does nothing else.

        They are those of the class whose ``__init__`` it is; a subclass may have others.
        """
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters, with `deep` those of solvers, schedules and layers too.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include nested parameters such as ``solver__beta_1`` or ``layers__0__filters``.

        Returns
        -------
        params : dict
            Names and values.
        """
        params = super().get_params(deep=deep)
        return add_params_of_layers(params) if deep else params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, nested ones too.

        Parameters
        ----------
        **params : dict
            Names as in ``get_params``.

        Returns
        -------
        self : object
            The estimator.
        """
        own, nested = without_params_of_layers(params)
        super().set_params(**own)
        set_params_of_layers(self, nested)
        return self

    def _validate_params(self):
        self._validate_changed(self._parameter_constraints)

    def _validate_changed(self, names):
        """Validate these parameters, but for those that are the same objects as when they were valid."""
        # a fit makes room for them: one that fails, and a prediction, add no attribute
        valid = vars(self).get("_valid_parameters", {})
        changed = {
            name: value
            for name in names
            if (value := getattr(self, name)) is not valid.get(name, self)
        }
        if not changed or get_config()["skip_parameter_validation"]:
            return
        constraints = {name: self._parameter_constraints[name] for name in changed}
        try:
            validate_parameter_constraints(constraints, changed, type(self).__name__)
        except InvalidParameterError as error:
            rate = changed.get("learning_rate")
            if "'learning_rate'" not in str(error) or not isinstance(rate, Real):
                raise
            raise InvalidParameterError(
                f"{error} learning_rate is a schedule; the number is learning_rate_init={rate!r}."
            ) from None
        valid.update(changed)

    # ---- shown in a notebook -------------------------------------------------------------------

    def _summaries(self):
        """(heading, Summary) of each fitted network; an estimator of several kinds has several."""
        return []

    def _html_of_networks(self):
        """What scikit-learn's diagram lacks: the layers of a fitted network, to be opened by a click."""
        if not self.__sklearn_is_fitted__():
            return ""
        return "".join(
            f"<details><summary>{escape(heading)}</summary>{summary._repr_html_()}</details>"
            for heading, summary in self._summaries()
        )

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._html_of_networks()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._html_of_networks()
        return bundle

    # ---- state ---------------------------------------------------------------------------------

    def _start_caches(self):
        """For fit: sets what predictions fill, which are not to add an attribute while others look at all."""
        self._programs = {}
        self._valid_parameters = dict(vars(self).get("_valid_parameters", {}))

    def __sklearn_is_fitted__(self):
        return "coefs_" in vars(self) or "estimators_" in vars(self)

    def __getstate__(self):
        state = dict(super().__getstate__())  # what comes from there is the estimator's own dict
        for name in CACHES:
            state.pop(name, None)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if self.__sklearn_is_fitted__():
            self._start_caches()
