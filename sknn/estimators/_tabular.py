"""What both estimators of tables share: from a raw table to trained members, and to their outputs."""

import copy
import math
import warnings
from functools import partial

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import _check_y, check_is_fitted

from sknn import engine
from sknn.estimators import _data
from sknn.estimators._callbacks import MemberCallbacks
from sknn.estimators._estimator import Estimator
from sknn.estimators._explain import Explanations, normalised
from sknn.estimators._member_tasks import MemberTasks
from sknn.estimators._members import are_whole, train_members
from sknn.estimators._prediction import threads_for
from sknn.estimators._snapshot import atomic_fit
from sknn.estimators._table import TableColumns, parse_categorical, validate_table
from sknn.estimators._table_encoder import TableEncoder
from sknn.estimators._table_networks import TableNetworks
from sknn.training import DIVERGED, INTERRUPTED, TIME

#: of the numbers, for numeric_embedding="piecewise_linear"
N_BINS = 16
#: of all numbers together, where n_thresholds="auto": a wide table's steps must not outgrow it
MOST_STEPS = 800
#: of all trees that find thresholds
SECONDS_OF_A_VALUE = 1e-6


class BaseTabular(TableNetworks, MemberTasks, Explanations, Estimator):
    """Base of the estimators of tables; the subclass encodes targets and knows its loss."""

    #: what "auto" means
    _efforts: dict
    _activation: str
    _learning_rate: float
    #: samples from which on numbers are lines with bends rather than waves
    _bends_from: float
    _n_thresholds: int

    # ---- fit -----------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation):
        started = engine.load("float32").clock()
        with atomic_fit(self) as working_copy:
            working_copy._fit_members(self, started, (X, y, sample_weight), validation)
        return self

    def _fit_members(self, owner, started, data, validation):
        """Fits this working copy of its `owner`, whose callbacks are told."""
        deadline = math.inf if self.max_time is None else started + self.max_time
        data = self._training_data(*data)
        samples = _data.training_samples(data)
        for name in ("feature_importances_", "oof_predictions_"):
            vars(self).pop(name, None)  # of an earlier fit
        self._learn_scale(data.y[samples])
        self._learn_table(data.X, samples)
        validation = self._validation_data(*validation)
        random_state = check_random_state(self.random_state)
        effort = self._efforts[self.effort]
        self.n_outputs_ = self._loss().n_outputs
        self._layers_ = [self._layers(effort)]
        self._start_caches()
        n_threads = engine.effective_threads(self.n_threads)
        plan = self._plan(effort, len(samples), self.n_estimators)
        if plan[0] > 1 and self._learn_thresholds(data, samples, n_threads):
            self._layers_.append(self._layers(effort, steps=True))
            plan = self._plan(effort, len(samples), plan[0])
        networks = self._networks(self.dtype)
        tasks = self._tasks(data, samples, validation, networks, plan, random_state)
        n_workers = min(n_threads, len(tasks))
        fitted = partial(self._fitted_so_far, data)
        recipe = self._recipe(networks, len(samples), n_threads // n_workers, deadline, fitted)
        n_most = 2 * len(tasks) if self.refit else len(tasks)
        callbacks = MemberCallbacks(owner, data, self, n_most, tasks[0].epochs)
        self.estimators_ = []
        members = train_members(recipe, tasks, n_workers, callbacks)
        self._publish(members, data, tasks)
        if self.refit and members[0].held_out is not None and are_whole(members, tasks):
            again = self._tasks_of_refit(tasks, samples, members)
            self._publish_refit(train_members(recipe, again, n_workers, callbacks), again)
        callbacks.end()

    def _training_data(self, X, y, sample_weight):
        """Validated training data; learns the names of the columns and what the targets are."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None."
            )
        X = validate_table(self, X, reset=True)
        y = self._learn_targets(self._checked(X, y), True, False, None)
        return self._weighted(X, y, sample_weight)

    def _checked(self, X, y):
        _data.check_sparse(y, "y")
        if self._numeric_targets:
            _data.refuse_sparse(y)
        y = _check_y(y, multi_output=True, y_numeric=self._numeric_targets, estimator=self)
        check_consistent_length(X, y)
        return y

    def _learn_scale(self, y):
        """Learns what is done to targets before the networks see them; here nothing."""

    def _validation_data(self, X, y, sample_weight):
        """Validated validation data of the user's, or None."""
        if not self._has_validation_data(X, y, sample_weight):
            return None
        X = validate_table(self, X, reset=False)
        return self._weighted(X, self._check_targets(self._checked(X, y)), sample_weight)

    def _learn_table(self, X, samples):
        """Learns how columns become numbers, from the samples that count."""
        columns = _columns(X, samples)
        names = getattr(self, "feature_names_in_", None)
        self.is_categorical_ = parse_categorical(self.categorical_features, columns, names)
        self._embedding = self.numeric_embedding
        if self._embedding == "auto":
            bends = len(samples) >= self._bends_from
            self._embedding = "piecewise_linear" if bends else "periodic"
        n_bins = N_BINS if self._embedding == "piecewise_linear" else None
        self._encoder = TableEncoder(columns, self.is_categorical_, n_bins, self.smooth_clip)
        if isinstance(self.categorical_features, str):
            self._warn_of_numbers(columns)

    def _warn_of_numbers(self, columns):
        """Warns of numerical features that a single "?" made columns of strings."""
        suspects = self._encoder.mostly_numbers
        names = [columns.name(i) for i in suspects if not columns.is_declared(i)]
        if names:
            warnings.warn(
                f"Most values in column {', '.join(names)} are numbers, but they are taken as categories. "
                "Make numbers of them, and NaN of the others, for example with "
                "pandas.to_numeric(column, errors='coerce'); if they are categories, give the column a "
                "categorical dtype, or name all such columns in categorical_features.",
                UserWarning,
                stacklevel=7,
            )

    def _learn_thresholds(self, data, samples, n_threads):
        """Learns where numbers are split for half of the members; returns whether there is any such place."""
        n_most = self.n_thresholds
        if n_most == "auto":
            n_most = min(self._n_thresholds, MOST_STEPS // max(self._encoder.n_numbers, 1))
        if n_most == 0 or not self._time_for_trees(len(samples), n_threads):
            return False
        targets = self._encode(data.y[samples], np.float64)
        # as the networks see them: rounding must not decide between splits
        weights = data.weights_as(np.dtype(self.dtype))
        weights = None if weights is None else weights[samples]
        of_classes = is_classifier(self)
        columns = _columns(data.X, samples)
        self._encoder.learn_thresholds(columns, targets, weights, n_most, of_classes, n_threads)
        return self._encoder.n_steps > 0

    def _time_for_trees(self, n_samples, n_threads):
        """Whether a tenth of `max_time` is enough for a decision tree of every number."""
        if self.max_time is None:
            return True
        seconds = n_samples * self._encoder.n_numbers * SECONDS_OF_A_VALUE / n_threads
        return seconds < 0.1 * self.max_time

    # ---- scores of an epoch --------------------------------------------------------------------

    def _scorer(self, data):
        """(logits, run) -> score on some samples; None for the negative loss."""
        scoring = self.scoring or self._default_scoring()
        if scoring == "loss":
            return None
        if scoring is None:
            return self._default_scorer(data)

        def score(logits, run):
            fitted = self._as_if_fitted({"estimators_": []})
            fitted._take([run.snapshot()])
            return data.scored_by(check_scoring(fitted, scoring), fitted)

        return score

    def _default_scoring(self):
        return None

    def _default_scorer(self, data):
        """What ``scoring=None`` means, unless `_default_scoring` names something."""
        return lambda logits, run: float(self._score_outputs(logits, data.y, data.weights))

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, members, data, tasks):
        """Sets the fitted attributes."""
        for member in members:
            if not all(np.isfinite(a).all() for a in (*member.coefs, *member.intercepts)):
                raise ValueError(
                    "Solver produced non-finite parameter weights. A lower learning_rate_init helps, or a "
                    "target without extreme values."
                )
        for member in members:
            member.weight = 1 / len(members)
        self._take(members)
        self._finish(members, data)
        self._keep_held_out(members, len(data.y))
        for member in members:
            member.logits = None
        if any(member.reason == TIME for member in members):
            warnings.warn(
                f"Training stopped after max_time={self.max_time} seconds. The best weights so far are kept.",
                ConvergenceWarning,
                stacklevel=6,
            )
        if any(member.reason == INTERRUPTED for member in members):
            warnings.warn(
                "Training interrupted by user. The best weights so far are kept.", stacklevel=6
            )
        if any(member.reason == DIVERGED for member in members):
            warnings.warn(
                "The loss of a member became infinite: training diverged. The best weights so far are kept. "
                "Lower learning_rate_init.",
                ConvergenceWarning,
                stacklevel=6,
            )

    def _take(self, members):
        """Sets the fitted attributes that follow from the members."""
        self.estimators_ = members
        self.n_iter_ = max(member.n_epochs for member in members)
        self.best_epochs_ = [member.best_epoch for member in members]
        self.validation_scores_ = [member.validation_scores for member in members]
        if all(member.importances is not None for member in members):
            rises = np.mean([member.importances for member in members], axis=0)
            self.feature_importances_ = normalised(rises)

    def _fitted_so_far(self, data, member):
        """Attributes of an estimator with this member alone, as if training had stopped here."""
        fitted, member = self._as_if_fitted({"estimators_": []}), copy.deepcopy(member)
        fitted._take([member])
        if member.logits is not None and member.held_out is not None:
            fitted._finish([member], data)
        member.logits = None
        return fitted._learned()

    def _publish_refit(self, members, tasks):
        """Puts the members of a refit in the place of the others, if they are whole."""
        if are_whole(members, tasks):
            for member, before in zip(members, self.estimators_, strict=True):
                member.weight = before.weight
            self.estimators_ = members
        else:
            warnings.warn(
                "The refit stopped early. The members as they were before it are kept.",
                ConvergenceWarning,
                stacklevel=6,
            )

    def _finish(self, members, data):
        """What a subclass learns from the outputs for held-out samples."""

    def _keep_held_out(self, members, n_samples):
        """Outputs for the samples that members held out, NaN for others; their mean where several did."""
        if not self.store_oof_predictions:
            return
        if members[0].held_out is None:
            raise ValueError(
                "store_oof_predictions=True, but no samples are held out: too few, or X_val is given."
            )
        total, count = np.zeros((n_samples, self.n_outputs_)), np.zeros((n_samples, 1))
        for member in members:
            total[member.held_out] += self._predicted(member.logits[None])
            count[member.held_out] += 1
        mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        self.oof_predictions_ = self._as_predictions(mean)

    # ---- prediction ----------------------------------------------------------------------------

    def _member_outputs(self, X):
        """Outputs of every member (n_estimators, n, n_outputs), as their networks give them."""
        check_is_fitted(self)
        return self._outputs_of_rows(self._rows_of_table(X)[1])

    def _outputs_of_rows(self, rows):
        """The same of encoded rows."""
        kinds = self._kinds(rows)
        out = np.empty((len(self.estimators_), len(rows), self.n_outputs_), rows.dtype)
        for member, values in zip(self.estimators_, out, strict=True):
            network, program, engine_rows = kinds[member.kind]
            n_threads = threads_for(len(rows) * network.multiply_adds, self.n_threads)
            network.engine.forward(
                program, engine_rows, member.coefs, member.intercepts, values, n_threads=n_threads
            )
        return out

    def _fitted_dtype(self):
        """Precision of the members, whatever the parameter says by now."""
        return self.estimators_[0].coefs[0].dtype

    def _kinds(self, rows):
        """(Network, Program, the engine's Rows) of each kind of members."""
        dtype = self._fitted_dtype()
        cache = vars(self).get("_programs", {})
        programs = cache.get(dtype.char)
        if programs is None:
            loss = self._loss()
            programs = [(network, network.program(loss)) for network in self._networks(dtype)]
            cache[dtype.char] = programs  # all at once, for other threads
        return [
            (
                network,
                program,
                network.engine.Rows(np.ascontiguousarray(rows[:, : network.n_features])),
            )
            for network, program in programs
        ]

    def _mean(self, values):
        """Mean over the members, each with its weight; of a single one's values they themselves."""
        weights = [member.weight for member in self.estimators_] if len(values) > 1 else None
        return np.average(values, axis=0, weights=weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _columns(X, samples):
    """Some rows of a table."""
    return TableColumns(X if len(samples) == X.shape[0] else _data.some_of(X, samples))
