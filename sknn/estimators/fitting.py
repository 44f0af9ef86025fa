"""One call of fit, partial_fit or initialize of an estimator of one network."""

import copy
import math

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state

from sknn import engine
from sknn._state import as_if_fitted
from sknn._warnings import warn
from sknn.estimators.precision import MIXED, array_dtype
from sknn.estimators.trainers import optimizer_of, schedule_of, trainer_of
from sknn.inputs.dataset import (
    Dataset,
    has_validation_data,
    split_validation,
    too_few_to_validate,
)
from sknn.network.weights import aligned, cast
from sknn.schedules import Constant
from sknn.training.callbacks import EpochCallbacks
from sknn.training.history import DIVERGED, History, OptimizerState, Options
from sknn.training.loop import LBFGS, FitLoop, Stochastic, warn_unfinished
from sknn.training.progress import progress_of
from sknn.training.validation import Validation, parts_of

#: evaluations of the loss by L-BFGS, where the estimator has no parameter for it
MAX_FUN = 15000


class NetworkFit:
    """Input, targets, network, loop of training, and what is left on the estimator.

    Parameters
    ----------
    net : NetworkEstimator
        A working copy, which is fitted.
    owner : NetworkEstimator
        The estimator that the user has, whose callbacks are told.
    incremental : bool
        A single epoch, for partial_fit.
    classes : array-like or None
        What partial_fit was told.
    train : bool
        Whether there is anything to do after the weights are initialized.
    """

    def __init__(self, net, owner, *, incremental=False, classes=None, train=True):
        self.started = engine.load("float32").clock()
        self.net, self.owner, self.family = net, owner, net._family
        self.incremental, self.classes, self.train = incremental, classes, train
        continues = net.warm_start or incremental
        self.first = not (train and net.__sklearn_is_fitted__() and continues)

    def run(self, given, validation):
        """Fits the working copy.

        Parameters
        ----------
        given, validation : Given
            Training and validation data of the user.
        """
        net, family = self.net, self.family
        self.early_stopping = self._stops_early(validation)
        self.input = family.input(net, new=self.first)
        data = self._training_data(given)
        validation = self._validation_data(validation)
        samples = data.counting
        if self.first and self.train:
            self.targets.hint(data.y[samples])

        random_state = check_random_state(net.random_state)
        self.dtype, sparse = self._dtype(data.X), sp.issparse(data.X)
        net._architecture_ = family.architecture(net)
        network = family.network(net, self.dtype, sparse)
        self._start_weights(network, random_state)
        if not self.incremental and self._trains_in_double(network, len(samples)):
            network = network.in_precision(np.float64)
        if self.early_stopping and validation is None:
            samples, validation = self._split(data, samples, random_state)
        if self.first:
            family.learn(net, network, self.input, data, samples)
        self.solver = optimizer_of(net, family)
        self.state = self._optimizer_state(random_state)

        net.n_layers_ = len(net._architecture_[0]) + 2
        net.out_activation_ = self.targets.loss.link
        net._start_caches()
        loop = self._loop(network, data, samples, validation)
        if self.train:
            loop.callbacks.begin(1 if self.incremental else loop.options.max_iter)
            try:
                loop.run()
            finally:
                loop.options.progress.close()
            self._publish(loop)
        else:
            vars(net).update(self._attributes(loop))

    # ---- data ----------------------------------------------------------------------------------

    def _stops_early(self, validation):
        """Whether this fit stops early; refuses combinations that contradict each other."""
        wanted = self.net.early_stopping
        if self.incremental and wanted is True:
            raise ValueError("partial_fit does not support early_stopping=True")
        has_data = has_validation_data(validation)
        if self.incremental:
            return False
        if wanted is False and has_data:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is False. "
                "When passing X_val and y_val to fit, set early_stopping to 'auto' or True."
            )
        return has_data if wanted == "auto" else wanted

    def _validated(self, X, y, reset):
        net = self.net
        numeric = net._numeric_targets
        return self.input.validate(
            net, X, y, dtype=array_dtype(net.dtype), numeric=numeric, reset=reset
        )

    def _training_data(self, given):
        """Validated training data; learns what the targets are."""
        X, y = self._validated(given.X, given.y, reset=self.first)
        options = self.first, self.incremental, self.classes
        self.targets, y = self.net._learn_targets(y, *options)
        vars(self.net).update(
            self.targets.attributes, **self.input.attributes, n_outputs_=self.targets.n_outputs
        )
        return Dataset.of(X, y, given.sample_weight, self.targets, self._seen(given.X))

    def _validation_data(self, given):
        """Validated validation data of the user's, or None."""
        if given.X is None:
            return None
        X, y = self._validated(given.X, given.y, reset=False)
        y = self.targets.check(y)
        return Dataset.of(X, y, given.sample_weight, self.targets, self._seen(given.X))

    def _seen(self, X):
        """X as scorers and callbacks see it, where its features have names."""
        return X if "feature_names_in_" in vars(self.net) else None

    def _split(self, data, samples, random_state):
        """(training samples, validation data); all of them and None where there are too few."""
        net, strata = self.net, self.targets.strata(data.y)
        n_samples = len(samples)
        samples, held_out = split_validation(
            samples,
            net.validation_fraction,
            random_state,
            None if strata is None else strata[samples],
            must_stratify=self.targets.n_outputs == 1,
        )
        self.early_stopping = held_out is not None
        if held_out is None:
            return samples, None
        few = too_few_to_validate(self.targets, data.y, held_out)
        if few:
            warn(
                f"validation_fraction={net.validation_fraction} of {n_samples} samples leaves {few} to "
                "validate on: scores of so few say little. Increase validation_fraction, or pass X_val "
                "and y_val."
            )
        return samples, data.take(held_out)

    # ---- weights -------------------------------------------------------------------------------

    def _dtype(self, X):
        """Precision of the fitted arrays."""
        follows = X.dtype if X.dtype.kind == "f" else np.float64
        return np.dtype(
            array_dtype(self.net.dtype) or (follows if self.first else self.net._fitted_dtype())
        )

    def _start_weights(self, network, random_state):
        """Sets the fitted arrays that training starts from: new ones, or those of the last fit."""
        net = self.net
        if self.first:
            net.coefs_, net.intercepts_ = network.initial_weights(random_state)
            shapes = network.statistics_shapes
            means = [np.zeros(shape, network.dtype) for shape in shapes]
            variances = [np.ones(shape, network.dtype) for shape in shapes]
            vars(net).update(zip(self.family.arrays[2:], (means, variances), strict=False))
            return
        found, expected = [np.shape(coef) for coef in net.coefs_], network.coef_shapes
        if found != expected:
            raise ValueError(
                f"The weights have the shapes {found}, but the hidden layers {net._architecture_[0]} "
                f"and the data ask for {expected}; use fit with warm_start=False to start anew."
            )
        net.coefs_, net.intercepts_ = aligned(net.coefs_), aligned(net.intercepts_)

    def _trains_in_double(self, network, n_samples):
        """Whether to train in double precision; the fitted arrays have the declared one anyway.

        L-BFGS compares losses that differ in their last digits, and small data in a single batch costs
        next to nothing. A float32 network on such data then does not depend on the order of the samples,
        nor on whether a sample is repeated or weighs more.
        """
        net, family = self.net, self.family
        largest_batch = family.auto_batch_size if net.batch_size == "auto" else net.batch_size
        small = 6 * network.multiply_adds * n_samples < family.double_flops
        small = small and n_samples <= largest_batch and net.dtype != MIXED
        return net.solver == "lbfgs" or small

    # ---- the loop ------------------------------------------------------------------------------

    def _optimizer_state(self, random_state):
        previous, solver = vars(self.net).get("_optimizer"), self.solver
        if self.incremental and previous and previous.belongs_to(solver):
            return copy.copy(previous)
        rate, seed = self.net.learning_rate_init, random_state.randint(np.iinfo(np.int32).max)
        return OptimizerState(rate, rate, seed=seed, kind=solver.kind if solver else "lbfgs")

    def _schedule(self):
        """The schedule that `learning_rate` means; where training has no planned end, a constant rate."""
        net = self.net
        schedule = schedule_of(net.learning_rate, net)
        endless = self.incremental and net.max_iter == "auto"
        return Constant() if endless and schedule.per_step else schedule

    def _loop(self, network, data, samples, validation):
        """The FitLoop, ready to run."""
        net, solver, state = self.net, self.solver, self.state
        program = network.program(
            self.targets.loss,
            mean_gradient=solver is None,
            bfloat16=net.dtype == MIXED,
            training=True,
        )
        n_samples = len(samples)
        trainer = trainer_of(
            net,
            network,
            program,
            data,
            samples,
            n_samples if solver is None else self._batch_size(n_samples),
            None if solver is None else solver.lower(network.engine),
            alpha=net.alpha,
            clip_norm=net.clip_norm or 0.0,
            seed=state.seed,
            **self.family.training_options(net),
        )
        for number, slot in enumerate(state.slots):
            trainer.load_slot(number, *[cast(arrays, network.dtype) for arrays in slot])
        method = (
            LBFGS(getattr(net, "max_fun", MAX_FUN))
            if solver is None
            else Stochastic(self._schedule(), state)
        )
        epochs = self.family.epochs(net, n_samples)
        options = Options(
            max_iter=epochs,
            tol=net.tol,
            n_iter_no_change=net.n_iter_no_change,
            shuffle=getattr(net, "shuffle", True),
            warmup=net.warmup,
            max_time=net.max_time,
            started=self.started,
            progress=progress_of(
                net.verbose if self.train else False, 1 if self.incremental else epochs
            ),
            early_stopping=self.early_stopping,
            single_epoch=self.incremental,
        )
        return FitLoop(
            network,
            trainer,
            method,
            options,
            History() if self.first else _continued_history(net),
            validation=None if validation is None else self._validation(network, validation),
            callbacks=EpochCallbacks(self.owner, data, net),
            fitted=self._fitted,
        )

    def _batch_size(self, n_samples):
        """Samples of a mini-batch."""
        if self.net.batch_size == "auto":
            return min(self.family.auto_batch_size, n_samples)
        # a numpy integer may be too narrow for what is computed with it
        batch_size = int(self.net.batch_size)
        if batch_size > n_samples:
            warn(
                f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped to "
                f"{n_samples}."
            )
        return min(batch_size, n_samples)

    def _validation(self, network, data):
        """The Validation of these data."""
        net, targets = self.net, self.targets
        if sp.issparse(data.X) != network.plan.sparse:
            network = self.family.network(net, network.dtype, not network.plan.sparse)
        parts = parts_of(data.X, network, self.input.rows, limited=net.max_time is not None)
        encoded = targets.encode(data.y, network.dtype)
        weights, score = data.weights_as(network.dtype), self._score(data)
        return Validation(network, targets.loss, parts, encoded, weights, score, net.n_threads)

    def _score(self, data):
        """(logits, FitLoop) -> score of validation data; None for the negative loss."""
        net, targets, scoring = self.net, self.targets, self.net.scoring
        if scoring is None:
            return lambda logits, loop: targets.score(logits, data.y, data.weights)
        if scoring == "loss":
            return None

        def score(logits, loop):
            fitted = as_if_fitted(net, loop.fitted_so_far())
            return data.scored_by(check_scoring(fitted, scoring), fitted)

        return score

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, loop):
        """Sets the fitted attributes, from the best weights where training was cut short."""
        arrays = self._arrays(loop.result(self.dtype))
        # partial_fit continues with the optimizer's moments, but for those that diverged; fit starts anew
        keeps = self.incremental and loop.reason != DIVERGED
        self.state.slots = loop.moments() if keeps else []
        vars(self.net).update(self._attributes(loop), **arrays)
        loop.callbacks.end()
        if not loop.ended_as_planned:
            limits = {"max_iter": loop.options.max_iter, "max_time": self.net.max_time}
            warn_unfinished([loop.ending()], **limits)

    def _fitted(self, loop):
        """What training has found so far, copied."""
        attributes = {name: copy.copy(value) for name, value in self._attributes(loop).items()}
        if "_optimizer" in attributes:
            attributes["_optimizer"].slots = loop.moments() if self.incremental else []
        return attributes | self._arrays(loop.weights().rounded(self.dtype))

    def _arrays(self, weights):
        """Weights as fitted attributes."""
        lists = weights.coefs, weights.intercepts, weights.means, weights.variances
        return dict(zip(self.family.arrays, lists, strict=False))

    def _attributes(self, loop):
        """What training has found so far, but for the arrays."""
        history = loop.history
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
        return attributes if self.net.solver == "lbfgs" else attributes | {"_optimizer": self.state}


def _continued_history(net):
    """The history that a warm start or partial_fit continues, in lists of its own."""
    fitted = vars(net)

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
