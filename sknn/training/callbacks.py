"""scikit-learn's callbacks (1.9 and later), one task per epoch; absent on older versions."""

import copy
import threading
from contextlib import AbstractContextManager, nullcontext

from sknn._state import as_if_fitted, copied_parameters, learned


class EpochCallbacks:
    """Tells an estimator's callbacks of every epoch; costs nothing where there are none.

    Parameters
    ----------
    estimator : estimator
    data : Dataset
        The training data.
    working_copy : estimator
        That which is being fitted; its attributes become those of `estimator` at the end.
    """

    def __init__(self, estimator, data, working_copy):
        self.estimator, self.working_copy = estimator, working_copy
        self.active = hasattr(estimator, "_skl_callbacks")
        self.lock: AbstractContextManager = (
            nullcontext()
        )  # several networks in training have one lock together
        self.data = {"estimator": estimator, "X": data.seen, "y": data.y}
        if data.sample_weight is not None:
            self.data["metadata"] = {"sample_weight": data.sample_weight}

    def begin(self, max_epochs):
        """At the beginning of fit."""
        if self.active:
            self.root = self.estimator._init_callback_context(max_subtasks=max_epochs)
            self.root.call_on_fit_task_begin(**self.data)

    def begin_epoch(self):
        """Before every epoch."""
        if self.active:
            with self.lock:
                self.task = self.root.subcontext(task_name="epoch")
                self.task.call_on_fit_task_begin(**self.data)

    def end_epoch(self, fitted):
        """After every epoch; `fitted` gives what the working copy does not yet have, fitted so far.

        Returns whether a callback asks to stop.
        """
        if not self.active:
            return False
        with self.lock:
            return self.task.call_on_fit_task_end(
                **self.data, reconstruction_attributes=self._attributes(fitted)
            )

    def _attributes(self, fitted):
        """A function that gives what an estimator fitted so far has learned.

        scikit-learn adds it to a shallow copy of `estimator`, hence the copies of parameters.
        """

        def attributes():
            found = learned(as_if_fitted(self.working_copy, fitted()))
            return copied_parameters(self.estimator) | found

        return attributes

    def end(self, fitted=None):
        """At the end of fit, or of one of several networks, whose attributes `fitted` gives.

        Returns whether a callback asks to stop.
        """
        if not self.active:
            return False
        with self.lock:
            return self.root.call_on_fit_task_end(
                **self.data, reconstruction_attributes=self._attributes(fitted or dict)
            )


class MemberCallbacks:
    """Tells an estimator's callbacks of every epoch of every member of an ensemble, one at a time.

    Parameters
    ----------
    estimator : estimator
    data : Dataset
        The training data.
    working_copy : estimator
        That which is being fitted.
    n_members, n_epochs : int
        At most; those of a refit count, too.
    """

    def __init__(self, estimator, data, working_copy, n_members, n_epochs):
        self.n_epochs, self.lock, self.n_members = n_epochs, threading.Lock(), 0
        self.whole = EpochCallbacks(estimator, data, working_copy)
        if self.whole.active:
            root = estimator._init_callback_context(
                max_subtasks=n_members, sequential_subtasks=False
            )
            self.whole.root = root.call_on_fit_task_begin(**self.whole.data)

    def add_members(self, n_members):
        """Number of the first of so many members to come: those of a refit come after the others."""
        first = self.n_members
        self.n_members += n_members
        return first

    def of_member(self, number):
        """The epochs of a member, by whose number callbacks know it, whichever begins first."""
        epochs = copy.copy(self.whole)
        if epochs.active:
            with self.lock:
                epochs.lock = self.lock
                root = self.whole.root.subcontext("member", number, max_subtasks=self.n_epochs)
                epochs.root = root.call_on_fit_task_begin(**epochs.data)
        return epochs

    def end(self):
        """At the end of fit."""
        self.whole.end()
