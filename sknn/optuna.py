"""Optuna's pruning while a network trains, by the extra ``sknn[optuna]``."""

from typing import Any

from sknn._extra import import_extra
from sknn.estimators.tabular import TabularEstimator


class PruningCallback:
    """Callback that reports every epoch to a trial of Optuna, and ends the trial where Optuna prunes it.

    The members of an ensemble on tabular data train side by side: there it reports after each member, in their
    order, the mean over those that have finished, each at its best epoch.

    The study's direction must suit: "maximize" for scores, "minimize" for losses. It needs scikit-learn 1.9 or
    newer, which has callbacks; with older versions call `partial_fit`, ``trial.report`` and ``trial.should_prune``
    in turn.

    Parameters
    ----------
    trial : optuna.Trial
        The trial of the objective.
    report : {"score", "loss"}, default="score"
        "score" is the validation score; "loss" is the validation loss, without validation data the training loss.
        Give an ensemble a `random_state`, so that all trials have the same folds.

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
        # of an ensemble: values of its members by their numbers, how many of these are reported
        self._finished, self._reported = {}, 0
        self._validates = self._pruned = False

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
        if isinstance(fitted_estimator, TabularEstimator):
            if context.task_name == "member":
                self._finish(context.task_id, fitted_estimator.estimators_[0])
        elif context.task_name == "epoch":
            self._tell(context.task_id, self._value(fitted_estimator), "epoch")
        return False

    def _tell(self, step, value, what):
        """Reports a value, and ends the trial where it is pruned."""
        self.trial.report(value, step)
        if self.trial.should_prune():
            self._pruned = True
            raise self._optuna.TrialPruned(f"pruned after {what} {step + 1}")

    def _finish(self, number, member):
        """Reports the members whose predecessors have finished, too: whichever is first, the values are the same."""
        validated = member.validation_scores is not None
        self._validates |= validated
        if self._pruned or (self._validates and not validated):
            return  # cut short because of another one, or a refit
        self._finished[number] = self._value_of_member(member)
        while self._reported in self._finished:
            self._reported += 1
            values = [self._finished[k] for k in range(self._reported)]
            self._tell(self._reported - 1, sum(values) / len(values), "member")

    def _value_of_member(self, member):
        """What is reported of a member of an ensemble: its best epoch."""
        best = member.best_epoch - 1
        if self.report == "loss":
            return (member.validation_losses or member.loss_curve)[best]
        self._check_scores(member.validation_scores)
        return member.validation_scores[best]

    def _value(self, net):
        """What is reported of an estimator."""
        if self.report == "loss":
            return (net.validation_loss_curve_ or net.loss_curve_)[-1]
        self._check_scores(net.validation_scores_)
        return net.validation_scores_[-1]

    def _check_scores(self, scores):
        """Raises where nothing was validated."""
        if scores is None:
            raise ValueError(
                "report='score' needs validation data: early_stopping=True, or X_val and y_val in fit. "
                "report='loss' reports the training loss."
            )
