"""One call of fit of an estimator of tabular data."""

import copy
import math

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state

from sknn import engine
from sknn._ranges import MAX_COUNT
from sknn._state import as_if_fitted, learned
from sknn._warnings import warn
from sknn.ensemble.attribution import normalized
from sknn.ensemble.copies import distinct
from sknn.ensemble.effort import PIECEWISE_LINEAR_FROM, batch_size
from sknn.ensemble.members import Recipe, are_whole, train_members
from sknn.ensemble.networks import Architecture
from sknn.ensemble.tasks import Plan, encoded, tasks_of_refit
from sknn.inputs.dataset import Dataset, has_validation_data
from sknn.inputs.table import TableInput
from sknn.network.parsing import parse_hidden_layer_sizes
from sknn.optimizers import AdamW
from sknn.schedules import SCHEDULES, Adaptive, CosLog, FlatCosine
from sknn.training.callbacks import MemberCallbacks
from sknn.training.history import MAX_ITER
from sknn.training.loop import warn_unfinished

#: bins of each numerical feature, for numeric_embedding="piecewise_linear"
N_BINS = 16
#: of all features together, where n_thresholds="auto": the threshold features of wide data must not outgrow it
MOST_THRESHOLDS = 800


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
        self.dtype = np.dtype(net.dtype)

    def run(self, given, validation):
        """Fits the working copy.

        Parameters
        ----------
        given, validation : Given
            Training and validation data of the user.
        """
        net = self.net
        self.input = TableInput()
        data = self._training_data(given)
        samples = data.counting
        for name in ("feature_importances_", "oof_predictions_"):
            vars(net).pop(name, None)  # of an earlier fit
        self._remember(self.targets.fitted_to(data.y[samples]))
        self._learn_input(data, samples)
        validation = self._validation_data(validation)
        if validation is not None and data.groups is not None:
            raise ValueError("groups is provided, but X_val leaves nothing to split by it.")
        random_state = check_random_state(net.random_state)
        n_threads = engine.effective_threads(net.n_threads)
        plan = self._plan(data, samples, n_threads)
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

    # ---- data ----------------------------------------------------------------------------------

    def _training_data(self, given):
        """Validated training data; learns what the targets are."""
        net = self.net
        numeric = net._numeric_targets
        X, y = self.input.validate(net, given.X, given.y, numeric=numeric, reset=True)
        targets, y = net._learn_targets(y)
        self._remember(targets)
        return Dataset.of(X, y, given.sample_weight, targets, groups=given.groups)

    def _validation_data(self, given):
        """Validated validation data of the user's, or None."""
        net = self.net
        if not has_validation_data(given):
            return None
        X, y = self.input.validate(net, given.X, given.y, numeric=net._numeric_targets)
        y = self.targets.check(y)
        return Dataset.of(X, y, given.sample_weight, self.targets)

    def _remember(self, targets):
        """Sets what was learned about the targets."""
        self.targets = targets
        vars(self.net).update(targets.attributes, n_outputs_=targets.n_outputs)

    def _learn_input(self, data, samples):
        """Learns how features are encoded, from the samples that count."""
        net = self.net
        names = vars(net).get("feature_names_in_")
        self.effort = net._efforts[net.effort].of_samples(len(samples))
        self.few = len(samples) < PIECEWISE_LINEAR_FROM
        embeddings = {self._embedding(kind) for kind in self.effort.kinds}
        n_bins = N_BINS if "piecewise_linear" in embeddings else None
        net.is_categorical_ = self.input.learn(
            data.X, samples, net.categorical_features, names, n_bins, net.smooth_clip
        )
        net._encoder = self.input.encoder
        if net.target_statistics and net._encoder.of_rare_categories(len(samples)):
            self._learn_statistics(data, samples)

    def _learn_statistics(self, data, samples):
        """Learns target statistics of categories that few samples have."""
        if data.groups is None:
            rows = self.input.encoded(data.X, self.dtype)[samples]
            groups = distinct(rows, self.input.encoder.n_numbers)[1]
        else:
            groups = np.unique(data.groups[samples], return_inverse=True)[1]
        targets, weights = self._as_networks_see(data, samples)
        self.input.learn_statistics(
            data.X, samples, targets, weights, groups, is_classifier(self.net)
        )

    def _as_networks_see(self, data, samples):
        """Targets and weights of some samples: rounding must not decide between splits."""
        weights = data.weights_as(self.dtype)
        weights = None if weights is None else weights[samples]
        return self.targets.encode(data.y[samples], np.float64), weights

    def _learn_thresholds(self, data, samples, n_threads):
        """Learns threshold features for one kind of members; returns whether there are any."""
        net, encoder = self.net, self.input.encoder
        n_most = net.n_thresholds
        if n_most == "auto":
            n_most = min(net._auto_thresholds, MOST_THRESHOLDS // max(encoder.n_numbers, 1))
        in_time = self.input.has_time_for_thresholds(len(samples), n_threads, net.max_time)
        if n_most == 0 or not in_time:
            return False
        targets, weights = self._as_networks_see(data, samples)
        return self.input.learn_thresholds(
            data.X, samples, targets, weights, n_most, is_classifier(net), n_threads
        )

    # ---- members -------------------------------------------------------------------------------

    def _embedding(self, kind):
        """The embedding of numerical features in a kind of members."""
        if self.net.numeric_embedding != "auto":
            return self.net.numeric_embedding
        return "periodic" if self.few else kind.embedding

    def _architecture(self, kind):
        """The layers of a kind of members, as far as the parameters leave a choice."""
        net, sizes, dropout = self.net, self.net.hidden_layer_sizes, self.net.dropout
        if isinstance(sizes, str) and sizes == "auto":
            sizes = (kind.units,) * kind.n_layers
        embedding = self._embedding(kind) if self.input.encoder.n_numbers else None
        return Architecture(
            sizes=parse_hidden_layer_sizes(sizes),
            activation=net._auto_activation if net.activation == "auto" else net.activation,
            embedding=embedding,
            sigma=kind.sigma if embedding == "periodic" else None,
            thresholds=kind.thresholds,
            category_dim=net.category_embedding,
            scaling_layer=net.scaling_layer,
            parametric=net.parametric_activation,
            parametrization=net.parametrization,
            dropout=kind.dropout if dropout == "auto" else dropout,
            n_outputs=self.targets.n_outputs,
        )

    def _plan(self, data, samples, n_threads):
        """Members and epochs, with a network of each kind that differs from the others."""
        net, n_members = self.net, self.net.n_members
        kinds = self._distinct([kind for kind in self.effort.kinds if not kind.thresholds])
        if n_members == "auto":
            n_members = self.effort.n_members(kinds, _work(self._networks(kinds), samples))
        if n_members > 1 and self._learn_thresholds(data, samples, n_threads):
            kinds = self._distinct(self.effort.kinds)
        kinds = kinds[:n_members]
        net._architectures = [self._architecture(kind) for kind in kinds]
        net._start_caches()
        networks = self._networks(kinds)
        work = _work(networks, samples)
        if net.n_members == "auto":
            n_members = self.effort.n_members(kinds, work)
        epochs = self.effort.epochs(kinds, work, n_members)
        if net.max_iter != "auto":
            epochs = [min(int(net.max_iter), MAX_COUNT)] * len(kinds)
        return Plan(networks, int(n_members), epochs, net.validation)

    def _distinct(self, kinds):
        """Without those whose networks the parameters make equal to one before."""
        first = {}
        for kind in kinds:
            first.setdefault(self._architecture(kind), kind)
        return list(first.values())

    def _networks(self, kinds):
        encoder = self.input.encoder
        return [self._architecture(kind).network(encoder, self.dtype) for kind in kinds]

    def _tasks(self, plan, data, samples, validation, random_state):
        """What each member is trained on."""
        compiled = plan.networks[0].engine
        rest = self.targets, self.dtype, compiled
        n_numbers = self.input.encoder.n_numbers
        rows = self.input.encoded_training(data.X, self.dtype)
        training = encoded(rows, n_numbers, data, *rest)
        if validation is not None:
            rows = self.input.encoded(validation.X, self.dtype)
            validation = validation, encoded(rows, n_numbers, validation, *rest)
        return plan.tasks(
            training, data, samples, validation, self.targets, self._scorer, random_state
        )

    def _recipe(self, networks, data, n_samples, n_threads):
        """How every member is trained."""
        net = self.net
        rate = net.learning_rate_init
        auto = batch_size(n_samples)
        return Recipe(
            networks,
            self.targets.loss,
            self.targets.validation_loss,
            AdamW(beta_2=net.beta_2, weight_decay=net.weight_decay),
            self._schedule(),
            lambda member: self._fitted_so_far(data, member),
            net._auto_learning_rate if rate == "auto" else rate,
            auto if net.batch_size == "auto" else int(net.batch_size),
            data_driven=net.data_driven_init,
            groups=self.input.encoder.groups,
            n_threads=n_threads,
            verbose=net.verbose,
            annealing=FlatCosine() if net.anneal_regularization else None,
            deadline=math.inf if net.max_time is None else self.started + net.max_time,
        )

    def _schedule(self):
        """The schedule that `learning_rate` means."""
        schedule = self.net.learning_rate
        if schedule == "auto":
            schedule = CosLog(self.effort.cycles)
        elif isinstance(schedule, str):
            schedule = SCHEDULES[schedule]()
        schedule.validate()
        if isinstance(schedule, Adaptive):
            raise ValueError(
                f"learning_rate={self.net.learning_rate!r} waits for progress to stop, but the epochs of a "
                "member are planned; take 'auto', 'cosine' or another schedule."
            )
        return schedule

    def _scorer(self, data):
        """(logits, member) -> score of validation data; None for the negative loss."""
        net, scoring = self.net, self.net.scoring
        if scoring == "loss":
            return None
        if scoring is None:
            return self.targets.scorer(data)

        def score(logits, member):
            fitted = as_if_fitted(net, {"estimators_": []})
            _take(fitted, [member()])
            return data.scored_by(check_scoring(fitted, scoring), fitted)

        return score

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, members, data):
        """Sets the fitted attributes."""
        for member in members:
            member.weight = 1 / len(members)
        _take(self.net, members)
        self._remember(
            self.targets.calibrated(members, data, getattr(self.net, "calibrate", False))
        )
        if self.net.store_oof_predictions:
            self.net.oof_predictions_ = self._out_of_fold(members, len(data.y))
        for member in members:
            member.logits = None
        endings = [member.ending() for member in members if member.reason != MAX_ITER]
        warn_unfinished(endings, max_time=self.net.max_time)

    def _fitted_so_far(self, data, member):
        """Attributes of an estimator with this member alone, as if training had stopped here."""
        fitted, member = as_if_fitted(self.net, {"estimators_": []}), copy.deepcopy(member)
        _take(fitted, [member])
        if member.logits is not None and member.held_out is not None:
            targets = self.targets.calibrated([member], data, getattr(self.net, "calibrate", False))
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
        targets = self.targets
        total, count = np.zeros((n_samples, targets.n_outputs)), np.zeros((n_samples, 1))
        for member in members:
            total[member.held_out] += targets.predicted(member.logits[None])
            count[member.held_out] += 1
        mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        return targets.as_predictions(mean)


def _work(networks, samples):
    """Multiply-adds of each network for all samples once."""
    return [len(samples) * network.multiply_adds for network in networks]


def _take(net, members):
    """Sets the fitted attributes that follow from the members."""
    net.estimators_ = members
    net.n_iter_ = max(member.n_epochs for member in members)
    net.best_epochs_ = [member.best_epoch for member in members]
    net.validation_scores_ = [member.validation_scores for member in members]
    if all(member.importances is not None for member in members):
        rises = np.mean([member.importances for member in members], axis=0)
        net.feature_importances_ = normalized(rises)
