"""What all estimators of networks share: parameters that are stored, what is learned, weights."""

import copy

from sklearn.base import BaseEstimator, clone

from sknn.estimators import _data
from sknn.estimators._callbacks import CallbackSupportMixin
from sknn.estimators._parameters import ValidatedParameters

#: attributes that predictions fill: compiled programs, parameters that were found valid
CACHES = ("_programs", "_valid_parameters")
#: beginnings of the names of scikit-learn's own attributes: set_output, callbacks, metadata routing
SCIKIT_LEARNS = ("_skl", "_parent_callback", "_metadata_request")


class Estimator(CallbackSupportMixin, ValidatedParameters, BaseEstimator):
    """Base of the estimators of one network and of those of several."""

    def _store(self, given):
        """For ``__init__``: stores its parameters, which are its ``locals()``, and does nothing else.

        They are those of the class whose ``__init__`` it is; a subclass may have others.
        """
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)

    def _start_caches(self):
        """For fit: sets what predictions fill, which are not to add an attribute while others look at all."""
        self._programs = {}
        self._valid_parameters = dict(vars(self).get("_valid_parameters", {}))

    def _learned(self):
        """What fit has set, but for what predictions fill and what scikit-learn keeps on an estimator."""
        return {
            name: value
            for name, value in vars(self).items()
            if (name.endswith("_") or name.startswith("_"))
            and not name.startswith(SCIKIT_LEARNS)
            and name not in CACHES
        }

    def _as_if_fitted(self, found):
        """An estimator as if fit had ended here, for a scorer or callback: it shares nothing with this one.

        `found` are the attributes that it is to have beside or in place of those that are learned by now.
        """
        own = copy.copy(self)
        learned = {k: v for k, v in self._learned().items() if k not in found}
        vars(own).update(self._copied_parameters() | copy.deepcopy(learned) | found)
        return own

    def _copied_parameters(self):
        """Copies of the parameters that are objects: optimizers, layers, lists, ...

        Not of the scorer, which is only called, and to be called where it is.
        """
        names = {*self._parameter_constraints, *self._get_param_names()} - {"scoring"}
        given = {name: value for name, value in vars(self).items() if name in names}
        copies = {name: clone(value, safe=False) for name, value in given.items()}
        return {name: value for name, value in copies.items() if value is not given[name]}

    def _weighted(self, X, y, sample_weight, given=None):
        """Data with weights of samples and of classes, checked; `given` is X as the user gave it."""
        sample_weight = _data.check_weights(sample_weight, X)
        weights = self._class_weighted(y, sample_weight)
        if weights is not sample_weight:
            name = "class_weight" if sample_weight is None else "sample_weight times class_weight"
            _data.check_sum(weights, name)
        seen = X if given is None or "feature_names_in_" not in vars(self) else given
        return _data.Data(X, y, sample_weight, weights, seen)

    @staticmethod
    def _has_validation_data(X, y, sample_weight):
        """Whether the user gives validation data; raises where they are incomplete."""
        if (X is None) != (y is None):
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        if sample_weight is not None and X is None:
            raise ValueError("sample_weight_val is provided, but X_val was not provided.")
        return X is not None

    def _too_few_to_validate(self, y, held_out):
        """How few samples are held out, in words; "" where there are enough, or nothing to learn."""
        strata = self._stratify(y)
        codes = None if strata is None else strata[held_out]
        few = _data.too_few_to_validate(len(held_out), codes, self._group_sizes[0])
        return few if (y != y[0]).any() else ""

    def _class_weighted(self, y, sample_weight):
        """Sample weights; a classifier multiplies its class weights in."""
        return sample_weight

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
