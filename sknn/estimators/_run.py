"""One run of training for an estimator: validation in between, and what is left on the estimator."""

import copy
import math

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import check_scoring

from sknn.estimators._prediction import threads_for
from sknn.schedules import Constant
from sknn.training import (
    DIVERGED,
    INTERRUPTED,
    MAX_ITER,
    TIME,
    History,
    Options,
    minimize_lbfgs,
    train,
    warn_unfinished,
)

#: work between two looks at the clock in validation, and samples at the least
PART_MULTIPLY_ADDS, SMALLEST_PART = 10**9, 64


def continued_history(estimator):
    """The history that a warm start or partial_fit goes on from, in lists of its own."""
    fitted = vars(estimator)

    def listed(name):
        value = fitted.get(name)
        return None if value is None else list(value)

    return History(
        samples_seen=fitted.get("t_", 0),
        loss_curve=listed("loss_curve_") or [],
        validation_scores=listed("validation_scores_"),
        validation_losses=listed("validation_loss_curve_"),
        best_loss=fitted.get("best_loss_"),
        best_score=fitted.get("best_validation_score_"),
        no_improvement=fitted.get("_no_improvement_count", 0),
    )


class Run:
    """Trains a network for an estimator.

    Parameters
    ----------
    estimator : BaseNetwork
        Already has everything fitted but what training finds.
    dtype : dtype
        Of the fitted arrays; the network may train in another.
    network : Network
    trainer : the engine's Trainer, loaded
    state : OptimizerState
    history : History
    early_stopping : bool
    incremental : bool
        A single epoch, for partial_fit.
    started : float
        When the fit began, by the engine's clock.
    """

    def __init__(
        self,
        estimator,
        dtype,
        network,
        trainer,
        state,
        history,
        early_stopping,
        incremental,
        started,
    ):
        self.estimator, self.dtype = estimator, dtype
        self.network, self.trainer = network, trainer
        self.state, self.history, self.early_stopping = state, history, early_stopping
        self.incremental = incremental
        self.validate = None
        self.options = Options(
            max_iter=estimator._epochs(trainer.n_samples),
            tol=estimator.tol,
            n_iter_no_change=estimator.n_iter_no_change,
            shuffle=estimator.shuffle,
            warmup=estimator.warmup,
            max_time=estimator.max_time,
            started=started,
            verbose=bool(estimator.verbose),
            early_stopping=early_stopping,
            single_epoch=incremental,
        )
        if early_stopping:
            history.best_loss = None
        elif history.best_loss is None:
            history.best_loss = math.inf
        if history.loss_curve:  # until something better comes, the weights it goes on from are best
            trainer.keep_best()

    # ---- validation ----------------------------------------------------------------------------

    def monitor(self, holdout):
        """Validate on a holdout after every epoch; None: there is nothing to validate on."""
        history = self.history
        if holdout is None:
            history.validation_scores = history.validation_losses = None
            history.best_score = None
            return
        network, loss = self.network, self.estimator._loss()
        if sp.issparse(holdout.X) != network.plan.sparse:
            network = self.estimator._network(network.dtype, not network.plan.sparse)
        self.holdout = holdout
        self.holdout_parts = self._parts(network, holdout.X)
        self.holdout_targets = self.estimator._encode(holdout.y, network.dtype)
        self.holdout_weights = holdout.weights_as(network.dtype)
        self.holdout_program = network.program(loss)
        self.logits = np.empty((holdout.X.shape[0], loss.n_outputs), network.dtype)
        self.validate = self._validate
        history.validation_scores = history.validation_scores or []
        history.validation_losses = history.validation_losses or []
        history.best_score = -math.inf if history.best_score is None else history.best_score

    def _parts(self, network, X):
        """(slice, the engine's Rows) of parts of X between which the clock is read: all, without a limit."""
        n, step = X.shape[0], X.shape[0]
        if self.options.max_time is not None:
            step = max(PART_MULTIPLY_ADDS // network.multiply_adds, SMALLEST_PART)
        parts = [slice(at, min(at + step, n)) for at in range(0, n, step)]
        return [(part, self.estimator._rows(network, X[part])) for part in parts]

    def _validate(self, deadline):
        """(score, loss) of the current weights on the validation data; None where time is over before."""
        estimator, engine = self.estimator, self.network.engine
        fitted = self._arrays()
        program, logits = self.holdout_program, self.logits
        for part, rows in self.holdout_parts:
            if engine.clock() > deadline:
                return None
            work = rows.n_samples * self.network.multiply_adds
            engine.forward(
                program,
                rows,
                fitted["coefs_"],
                fitted["intercepts_"],
                logits[part],
                n_threads=threads_for(work, estimator.n_threads),
                statistics=(fitted.get("batch_means_"), fitted.get("batch_variances_")),
            )
        loss = engine.loss_of(program, logits, self.holdout_targets, self.holdout_weights)
        if not np.isfinite(logits).all():
            return math.nan, loss
        scoring = estimator.scoring
        if scoring is None:
            holdout = self.holdout
            return float(estimator._score_outputs(logits, holdout.y, holdout.weights)), loss
        if scoring == "loss":
            return -loss, loss
        fitted = estimator._as_if_fitted(self._fitted())
        return self.holdout.scored_by(check_scoring(fitted, scoring), fitted), loss

    def _weights(self, best=False):
        weights = self.network.empty_weights()
        self.trainer.store(*weights, best)
        return weights

    def _arrays(self, best=False):
        """The fitted arrays as they are by now, or at their best."""
        coefs, intercepts = self._weights(best)
        arrays = {"coefs_": coefs, "intercepts_": intercepts}
        shapes = self.network.statistics_shapes
        if shapes:
            means, variances = (
                [np.empty(shape, self.network.dtype) for shape in shapes] for _ in range(2)
            )
            self.trainer.store_statistics(means, variances, best)
            arrays |= {"batch_means_": means, "batch_variances_": variances}
        return arrays

    def _published_arrays(self, best=False):
        """The same in the precision of the fitted arrays."""
        with np.errstate(over="ignore"):
            return {
                name: [array.astype(self.dtype, copy=False) for array in arrays]
                for name, arrays in self._arrays(best).items()
            }

    # ---- training ------------------------------------------------------------------------------

    def train(self, callbacks):
        """Runs to the end, or to the first reason to stop."""
        estimator, clock = self.estimator, self.network.engine.clock
        callbacks.begin(1 if self.incremental else self.options.max_iter)
        if estimator.solver == "lbfgs":
            start = self._weights()
            self.reason, self.message = minimize_lbfgs(
                self.trainer,
                clock,
                self.network,
                start,
                self.options,
                estimator.max_fun,
                self.history,
                validate=self.validate,
                callbacks=callbacks,
                fitted=self._fitted,
            )
        else:
            self.message = ""
            self.reason = train(
                self.trainer,
                clock,
                self._schedule(),
                self.state,
                self.options,
                self.history,
                validate=self.validate,
                callbacks=callbacks,
                fitted=self._fitted,
            )
        self.callbacks = callbacks

    def _schedule(self):
        """The estimator's schedule; where training has no planned end, a constant rate."""
        schedule = self.estimator._schedule()
        endless = self.incremental and self.estimator.max_iter == "auto"
        return Constant() if endless and schedule.per_step else schedule

    def _fitted(self):
        """What training has found so far, copied."""
        attributes = {k: copy.copy(value) for k, value in self.attributes().items()}
        if "_optimizer" in attributes:
            attributes["_optimizer"].slots = self._moments()
        return attributes | self._published_arrays()

    def _moments(self):
        """The optimizer's moments where the next call of partial_fit continues with them."""
        slots = []
        if self.incremental:
            slots = [self.network.empty_weights() for _ in range(self.trainer.n_slots)]
            for k, slot in enumerate(slots):
                self.trainer.store_slot(k, *slot)
        return slots

    def attributes(self):
        """What training has found so far, but for the arrays."""
        history = self.history
        attributes = {
            "loss_curve_": history.loss_curve,
            "loss_": history.loss_curve[-1] if history.loss_curve else math.nan,
            "best_loss_": history.best_loss,
            "validation_scores_": history.validation_scores,
            "validation_loss_curve_": history.validation_losses,
            "best_validation_score_": history.best_score,
            "n_iter_": history.n_iter,
            "t_": history.samples_seen,
            "_no_improvement_count": history.no_improvement,
        }
        if self.estimator.solver != "lbfgs":
            attributes["_optimizer"] = self.state
        return attributes

    # ---- what is left --------------------------------------------------------------------------

    def publish(self):
        """Sets the fitted attributes, from the best weights where training was cut short."""
        estimator, trainer = self.estimator, self.trainer
        cut_short = self.reason in (TIME, INTERRUPTED, DIVERGED)
        best = trainer.has_best and (self.early_stopping or cut_short)
        fitted = self._published_arrays(best)
        if not all(np.isfinite(array).all() for arrays in fitted.values() for array in arrays):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed. A lower learning_rate_init or clip_norm helps too."
            )
        # partial_fit goes on with the optimizer's moments, but for those that diverged; fit starts anew
        self.state.slots = [] if self.reason == DIVERGED else self._moments()
        vars(estimator).update(self.attributes(), **fitted)
        self.callbacks.end()
        if not self._ended_as_planned():
            warn_unfinished(self.reason, self.options, self.history, self.message)

    def _ended_as_planned(self):
        """Whether a schedule that ends with the last epoch has come to its end."""
        return (
            self.reason == MAX_ITER
            and self.estimator.solver != "lbfgs"
            and self._schedule().per_step
        )
