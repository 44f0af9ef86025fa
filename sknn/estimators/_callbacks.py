"""scikit-learn's callbacks (1.9 and later), one task per epoch; absent on older versions."""

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""


class EpochCallbacks:
    """Tells an estimator's callbacks of every epoch; costs nothing where there are none.

    Parameters
    ----------
    estimator : estimator
    data : Data
        The training data.
    """

    def __init__(self, estimator, data):
        self.estimator = estimator
        self.active = hasattr(estimator, "_skl_callbacks")
        self.data = {"estimator": estimator, "X": data.X, "y": data.y}
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
            self.task = self.root.subcontext(task_name="epoch")
            self.task.call_on_fit_task_begin(**self.data)

    def end_epoch(self, fitted):
        """After every epoch; `fitted` gives the attributes of an estimator fitted so far.

        Returns whether a callback asks to stop.
        """
        return self.active and self.task.call_on_fit_task_end(
            **self.data, reconstruction_attributes=fitted
        )

    def end(self):
        """At the end of fit."""
        if self.active:
            self.root.call_on_fit_task_end(
                **self.data, reconstruction_attributes=lambda: vars(self.estimator).copy()
            )
