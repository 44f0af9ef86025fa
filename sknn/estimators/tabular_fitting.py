"""One call of fit of an estimator of tabular data."""

import copy
import math

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state

from sknn import engine
from sknn._state import as_if_fitted, learned
from sknn._warnings import warn
from sknn.ensemble.attribution import normalized
from sknn.ensemble.members import are_whole, train_members
from sknn.ensemble.tasks import tasks_of_refit
from sknn.estimators.tabular_design import TabularDesign, schedule_of
from sknn.schedules import CosLog, FlatCosine
from sknn.training.callbacks import MemberCallbacks
from sknn.training.history import MAX_ITER
from sknn.training.loop import warn_unfinished


class TabularFit:
    """Input, targets, networks, members, and what is left on the estimator.

    Parameters
    ----------
    net : TabularEstimator
        A working copy, which is fitted.
    owner : TabularEstimator
        The estimator that the user has, whose callbacks are told.
    """

    def __init__(self, net, owner):
        self.started = engine.load("float32").clock()
        self.net, self.owner = net, owner
        self.design = TabularDesign(net)

    def run(self, given, validation):
        """Fits the working copy.

        Parameters
        ----------
        given, validation : Given
            Training and validation data of the user.
        """
        net = self.net
        data = self.design.training_data(given)
        samples = data.counting
        for name in ("feature_importances_", "oof_predictions_"):
            vars(net).pop(name, None)  # of an earlier fit
        self.design.remember(self.design.targets.fitted_to(data.y[samples]))
        self.design.learn_input(data, samples)
        validation = self.design.validation_data(validation)
        if validation is not None and data.groups is not None:
            raise ValueError("groups is provided, but X_val leaves nothing to split by it.")
        random_state = check_random_state(net.random_state)
        n_threads = engine.effective_threads(net.n_threads)
        plan = self.design.plan(data, samples, n_threads)
        tasks = self._tasks(plan, data, samples, validation, random_state)
        n_workers = min(n_threads, len(tasks))
        recipe = self._recipe(plan.networks, data, len(samples), max(n_threads // n_workers, 1))
        n_most = 2 * len(tasks) if net.refit else len(tasks)
        callbacks = MemberCallbacks(self.owner, data, net, n_most, max(plan.epochs))
        net.estimators_ = []
        members = train_members(recipe, tasks, n_workers, callbacks)
        self._publish(members, data)
        if net.refit and members[0].held_out is not None and are_whole(members, tasks):
            again = tasks_of_refit(tasks, samples, members)
            self._publish_refit(train_members(recipe, again, n_workers, callbacks), again)
        callbacks.end()

    # ---- members -------------------------------------------------------------------------------

    def _tasks(self, plan, data, samples, validation, random_state):
        """What each member is trained on."""
        design, compiled = self.design, plan.networks[0].engine
        rows = design.input.encoded_training(data.X, design.dtype)
        training = design.encoded(rows, data, compiled)
        if validation is not None:
            rows = design.input.encoded(validation.X, design.dtype)
            validation = validation, design.encoded(rows, validation, compiled)
        return plan.tasks(
            training, data, samples, validation, design.targets, self._scorer, random_state
        )

    def _recipe(self, networks, data, n_samples, n_threads):
        """How every member is trained."""
        net = self.net
        return self.design.recipe(
            networks,
            schedule_of(net, CosLog(self.design.effort.cycles)),
            lambda member: self._fitted_so_far(data, member),
            n_samples,
            n_threads=n_threads,
            annealing=FlatCosine() if net.anneal_regularization else None,
            deadline=math.inf if net.max_time is None else self.started + net.max_time,
        )

    def _scorer(self, data, held_out):
        """(logits, member) -> score of some samples; None for the negative loss."""
        net, scoring = self.net, self.net.scoring
        if scoring == "loss":
            return None
        if scoring is None:
            return self.design.targets.scorer(data.y[held_out], data.weights_of(held_out))
        data = data.take(held_out)

        def score(logits, member):
            fitted = as_if_fitted(net, {"estimators_": []})
            take_members(fitted, [member()])
            return data.scored_by(check_scoring(fitted, scoring), fitted)

        return score

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, members, data):
        """Sets the fitted attributes."""
        for member in members:
            member.weight = 1 / len(members)
        take_members(self.net, members)
        self.design.remember(self._calibrated(members, data))
        if self.net.store_oof_predictions:
            self.net.oof_predictions_ = self._out_of_fold(members, len(data.y))
        for member in members:
            member.logits = None
        endings = [member.ending() for member in members if member.reason != MAX_ITER]
        warn_unfinished(endings, max_time=self.net.max_time)

    def _calibrated(self, members, data):
        """The targets with what the members' validation folds say about their scale; weighs the members."""
        return self.design.targets.calibrated(members, data, getattr(self.net, "calibrate", False))

    def _fitted_so_far(self, data, member):
        """Attributes of an estimator with this member alone, as if training had stopped here."""
        fitted, member = as_if_fitted(self.net, {"estimators_": []}), copy.deepcopy(member)
        take_members(fitted, [member])
        if member.logits is not None and member.held_out is not None:
            targets = self._calibrated([member], data)
            vars(fitted).update(copy.deepcopy(targets.attributes))
        member.logits = None
        return learned(fitted)

    def _publish_refit(self, members, tasks):
        """Puts the members of a refit in the place of the others, if they are whole."""
        if are_whole(members, tasks):
            for member, before in zip(members, self.net.estimators_, strict=True):
                member.weight = before.weight
            self.net.estimators_ = members
        else:
            warn(
                "The refit stopped early. The members as they were before it are kept.",
                ConvergenceWarning,
            )

    def _out_of_fold(self, members, n_samples):
        """Predictions for the samples of the members' folds, NaN for others; their mean where several."""
        if members[0].held_out is None:
            raise ValueError(
                "store_oof_predictions=True, but there are no validation folds: too few samples, or X_val "
                "is given."
            )
        targets = self.design.targets
        total, count = np.zeros((n_samples, targets.n_outputs)), np.zeros((n_samples, 1))
        for member in members:
            total[member.held_out] += targets.predicted(member.logits[None])
            count[member.held_out] += 1
        mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        return targets.as_predictions(mean)


def take_members(net, members):
    """Sets the fitted attributes that follow from the members."""
    net.estimators_ = members
    net.n_iter_ = max(member.n_epochs for member in members)
    net.best_epochs_ = [member.best_epoch for member in members]
    net.validation_scores_ = [member.validation_scores for member in members]
    if all(member.importances is not None for member in members):
        rises = np.mean([member.importances for member in members], axis=0)
        net.feature_importances_ = normalized(rises)
