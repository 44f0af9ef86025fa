"""Optuna's pruning while a network trains, by the extra ``sknn[optuna]``."""

from typing import Any

from sknn._extra import import_extra


class PruningCallback:
    """Callback that reports every epoch to a trial of Optuna, and ends the trial where Optuna prunes it.

    The study's direction must suit: "maximize" for scores, "minimize" for losses. It needs scikit-learn 1.9 or
    newer, which has callbacks; with older versions call `partial_fit`, ``trial.report`` and ``trial.should_prune``
    in turn.

    Parameters
    ----------
    trial : optuna.Trial
        The trial of the objective.
    report : {"score", "loss"}, default="score"
        "score" is the validation score; "loss" is the validation loss, without validation data the training loss.

    Raises
    ------
    optuna.TrialPruned
        In `fit`, which leaves the estimator as it was. Optuna catches it.

    Examples
    --------
    >>> import optuna
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.optuna import PruningCallback
    >>> X, y = load_iris(return_X_y=True)
    >>> def objective(trial):
    ...     alpha = trial.suggest_float("alpha", 1e-6, 1e-1, log=True)
    ...     net = MLPClassifier(9, alpha=alpha, max_iter=9, early_stopping=True, random_state=0)
    ...     net.set_callbacks(PruningCallback(trial)).fit(X, y)
    ...     return net.best_validation_score_
    >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
    >>> study = optuna.create_study(direction="maximize")
    >>> study.optimize(objective, n_trials=3)
    >>> len(study.trials)
    3
    """

    def __init__(self, trial: Any, report: str = "score") -> None:
        if report not in ("score", "loss"):
            raise ValueError(f"report={report!r} must be 'score' or 'loss'.")
        self.trial = trial
        self.report = report

    def setup(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn before a fit."""
        self._optuna = import_extra("optuna", type(self).__name__, "optuna")

    def teardown(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn after a fit."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Called by scikit-learn before every epoch."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> bool:
        """Called by scikit-learn after every epoch.

        Parameters
        ----------
        estimator : estimator
            That which is being fitted.
        context : CallbackContext
            Says which task has ended.
        fitted_estimator : estimator
            As if fit had ended here.

        Returns
        -------
        stop : bool
            Always False: a pruned trial ends by an exception.
        """
        if context.task_name == "epoch":
            self.trial.report(self._value(fitted_estimator), context.task_id)
            if self.trial.should_prune():
                raise self._optuna.TrialPruned(f"pruned after epoch {context.task_id + 1}")
        return False

    def _value(self, net):
        """What is reported of an estimator."""
        if not hasattr(net, "loss_curve_"):
            raise ValueError(
                f"PruningCallback follows one network; {type(net).__name__} trains several side by side. Report "
                "the score of each fold of a cross-validation instead."
            )
        if self.report == "loss":
            return (net.validation_loss_curve_ or net.loss_curve_)[-1]
        if net.validation_scores_ is None:
            raise ValueError(
                "report='score' needs validation data: early_stopping=True, or X_val and y_val in fit. "
                "report='loss' reports the training loss."
            )
        return net.validation_scores_[-1]
