"""What both estimators of tables share: from a raw table to trained members, and to their outputs."""

import copy
import math
import warnings
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_y, check_is_fitted

from sknn import engine
from sknn.estimators import _architecture, _data, _efforts
from sknn.estimators._callbacks import CallbackSupportMixin, MemberCallbacks
from sknn.estimators._members import Recipe, Samples, Task, train_members
from sknn.estimators._table import TableColumns, TableEncoder, parse_categorical, validate_table
from sknn.layers import (
    CategoryEmbedding,
    Columns,
    Dense,
    Dropout,
    ParametricActivation,
    PeriodicEmbedding,
    Scale,
)
from sknn.network import Network
from sknn.optimizers import AdamW
from sknn.schedules import CosLog, FlatCosine
from sknn.training import DIVERGED, INTERRUPTED, TIME

#: with fewer samples than this there is nothing to hold out
FEWEST_TO_HOLD_OUT = 10
MIN_FOLDS = 5


@contextmanager
def unchanged_on_error(estimator):
    """Leaves the estimator as it was where fit fails."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        kept = {k: v for k, v in vars(estimator).items() if k.startswith(("_callback", "_skl"))}
        estimator.__dict__.clear()
        estimator.__dict__.update(before | kept)
        raise


class BaseTabular(CallbackSupportMixin, BaseEstimator):
    """Base of the estimators of tables; the subclass encodes targets and knows its loss."""

    #: what "auto" means
    _activation: str
    _learning_rate: float

    def _store(self, given):
        """For ``__init__``: stores the parameters among its ``locals()``, and does nothing else."""
        for name in self._get_param_names():
            setattr(self, name, given[name])

    # ---- fit -----------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation):
        with unchanged_on_error(self):
            return self._fit_members(X, y, sample_weight, validation)

    def _fit_members(self, X, y, sample_weight, validation):
        data = self._training_data(X, y, sample_weight)
        samples = _data.training_samples(data)
        self._learn_table(data.X, samples)
        validation = self._validation_data(*validation)
        random_state = check_random_state(self.random_state)
        effort = _efforts.EFFORTS[self.effort]
        self.n_outputs_ = self._loss().n_outputs
        self._layers_ = self._layers(effort)
        self._programs = {}
        network = self._network()
        tasks = self._tasks(data, samples, validation, effort, network, random_state)
        n_threads = engine.effective_threads(self.n_threads)
        n_workers = min(n_threads, len(tasks))
        recipe = self._recipe(network, len(samples), n_threads // n_workers)
        callbacks = MemberCallbacks(self, data, len(tasks), tasks[0].epochs)
        self.members_ = []
        members = train_members(recipe, tasks, n_workers, callbacks)
        self._publish(members, data, tasks)
        if self._refits(effort, validation, members):
            again = self._tasks_of_refit(tasks, samples, members, random_state)
            self.members_ = train_members(recipe, again, n_workers, callbacks)
        callbacks.end()
        return self

    def _training_data(self, X, y, sample_weight):
        """Validated training data; learns the names of the columns and what the targets are."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None."
            )
        X = validate_table(self, X, reset=True)
        y = self._learn_targets(self._checked(X, y), True, False, None)
        sample_weight = _data.check_weights(sample_weight, X)
        weights = _data.check_weights(self._class_weighted(y, sample_weight), X)
        return _data.Data(X, y, sample_weight, weights)

    def _checked(self, X, y):
        y = _check_y(y, multi_output=True, y_numeric=self._numeric_targets, estimator=self)
        check_consistent_length(X, y)
        return y

    def _class_weighted(self, y, sample_weight):
        return sample_weight

    def _validation_data(self, X, y, sample_weight):
        """Validated validation data of the user's, or None."""
        if (X is None) != (y is None):
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        if sample_weight is not None and X is None:
            raise ValueError("sample_weight_val is provided, but X_val was not provided.")
        if X is None:
            return None
        X = validate_table(self, X, reset=False)
        y = self._check_targets(self._checked(X, y))
        sample_weight = _data.check_weights(sample_weight, X)
        weights = _data.check_weights(self._class_weighted(y, sample_weight), X)
        return _data.Data(X, y, sample_weight, weights)

    def _learn_table(self, X, samples):
        """Learns how columns become numbers, from the samples that count."""
        columns = TableColumns(X if len(samples) == X.shape[0] else _safe_indexing(X, samples))
        names = getattr(self, "feature_names_in_", None)
        self.is_categorical_ = parse_categorical(self.categorical_features, columns, names)
        self._encoder = TableEncoder(columns, self.is_categorical_)

    # ---- network and recipe --------------------------------------------------------------------

    def _layers(self, effort):
        """The layers that the parameters mean."""
        encoder = self._encoder
        sizes = self.hidden_layer_sizes
        if isinstance(sizes, str) and sizes == "auto":
            sizes = (effort.units,) * effort.n_layers
        sizes = _architecture.parse_hidden_layer_sizes(sizes)
        name = self._activation if self.activation == "auto" else self.activation
        embedding = PeriodicEmbedding(rate=0.1) if self.numeric_embedding == "periodic" else None
        categories = CategoryEmbedding(encoder.cardinalities, self.category_embedding)
        n_codes = len(encoder.cardinalities)
        parts = zip(
            (embedding, None, categories),
            (encoder.n_numbers, encoder.n_passed, n_codes),
            strict=True,
        )
        parts, widths = zip(*[part for part in parts if part[1]], strict=True)
        layers = [Columns(list(parts), widths)] if any(parts) else []
        layers += [Scale(rate=6)] if self.scaling_layer else []
        for units in sizes:
            layers.append(Dense(units, "identity", "ntk", bias_rate=0.1))
            layers.append(ParametricActivation(name, rate=0.1))
            layers.append(Dropout(self.dropout))
        return [*layers, Dense(self.n_outputs_, "identity", "ntk", bias_rate=0.1)]

    def _network(self):
        return Network(self._layers_, self._encoder.width, self.dtype)

    def _recipe(self, network, n_samples, n_threads):
        """How every member is trained."""
        auto = _efforts.batch_size(n_samples)
        rate = self.learning_rate_init
        return Recipe(
            network,
            self._loss(),
            self._validation_loss(),
            AdamW(beta_2=0.95, weight_decay=self.weight_decay),
            CosLog(),
            self._learning_rate if rate == "auto" else rate,
            auto if self.batch_size == "auto" else self.batch_size,
            data_driven=self.data_driven_init,
            n_threads=max(n_threads, 1),
            verbose=bool(self.verbose),
            decay=FlatCosine(),
            dropout=FlatCosine(),
        )

    # ---- tasks of the members ------------------------------------------------------------------

    def _samples(self, X, y, weights):
        """Encoded samples as the engine takes them."""
        dtype = np.dtype(self.dtype)
        rows = self._encoder.encode(TableColumns(X), dtype)
        weights = None if weights is None else weights.astype(dtype)
        return Samples(rows, engine.load(dtype.name).Rows(rows), self._encode(y, dtype), weights)

    def _tasks(self, data, samples, validation, effort, network, random_state):
        """What each member is trained on: all but a fold of its own, or all where validation data are given."""
        n_members = effort.n_members if self.n_members == "auto" else self.n_members
        epochs = self.max_iter
        if epochs == "auto":
            epochs = effort.epochs(len(samples), network.multiply_adds, n_members)
        training = self._samples(data.X, data.y, data.weights)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=n_members)
        budget = self._time_of_member(n_members)
        if validation is not None:
            holdout = self._samples(validation.X, validation.y, validation.weights)
            score = self._scorer(validation)
            parts = [(samples, holdout, None, score)] * n_members
        elif len(samples) < FEWEST_TO_HOLD_OUT:
            parts = [(samples, None, None, None)] * n_members
        else:
            parts = [
                (samples[inside], self._taken(training, samples[outside]), samples[outside],
                 self._scorer(data.take(samples[outside])))
                for inside, outside in self._folds(data.y[samples], n_members, random_state)
            ]
        return [
            Task(training, inside, holdout, held_out, score, int(seed), epochs, epochs, budget)
            for (inside, holdout, held_out, score), seed in zip(parts, seeds, strict=True)
        ]

    def _taken(self, samples, chosen):
        X = samples.X[chosen]
        weights = None if samples.weights is None else samples.weights[chosen]
        rows = engine.load(X.dtype.name).Rows(X)
        return Samples(X, rows, samples.targets[chosen], weights)

    def _folds(self, y, n_members, random_state):
        """(training, held-out) samples of each member: folds of one partition, at least five of them."""
        n_folds = max(MIN_FOLDS, n_members)
        if n_folds > len(y):
            raise ValueError(
                f"n_members={n_members} asks for {n_folds} folds, but there are {len(y)} samples."
            )
        seed = random_state.randint(np.iinfo(np.int32).max)
        strata = self._stratify(y)
        if strata is None or np.bincount(strata.astype(int)).max() < n_folds:
            folds = KFold(n_folds, shuffle=True, random_state=seed).split(y)
        else:
            folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "The least populated class", UserWarning)
                return list(folds.split(y, strata))[:n_members]
        return list(folds)[:n_members]

    def _stratify(self, y):
        """What the folds are stratified by; None for nothing."""
        return None

    def _time_of_member(self, n_members):
        if self.max_time is None:
            return None
        n_threads = engine.effective_threads(self.n_threads)
        rounds = math.ceil(n_members / min(n_threads, n_members))
        return self.max_time / rounds

    def _refits(self, effort, validation, members):
        refit = effort.refit if self.refit == "auto" else self.refit
        cut_short = any(member.reason in (TIME, INTERRUPTED) for member in members)
        return refit and validation is None and members[0].held_out is not None and not cut_short

    def _tasks_of_refit(self, tasks, samples, members, random_state):
        """All samples, for as many epochs as were best on average."""
        epochs = max(round(float(np.mean([member.best_epoch for member in members]))), 1)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=len(tasks))
        return [
            replace(
                task, samples=samples, holdout=None, held_out=None, seed=int(seed), last_epoch=epochs
            )
            for task, seed in zip(tasks, seeds, strict=True)
        ]

    # ---- scores of an epoch --------------------------------------------------------------------

    def _scorer(self, data):
        """(logits, run) -> score on some samples; None for the negative loss."""
        scoring = self.scoring or self._default_scoring()
        if scoring == "loss":
            return None
        if scoring is None:
            return lambda logits, run: float(
                self._score_outputs(logits, data.y, data.sample_weight)
            )
        weights = {} if data.sample_weight is None else {"sample_weight": data.sample_weight}

        def score(logits, run):
            fitted = copy.copy(self)
            fitted.__dict__.pop("feature_names_in_", None)
            fitted._given_outputs = {id(data.X): logits.copy()}
            return float(check_scoring(fitted, scoring)(fitted, data.X, data.y, **weights))

        return score

    def _default_scoring(self):
        return None

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, members, data, tasks):
        """Sets the fitted attributes."""
        if not members:
            raise ValueError(
                f"Training stopped before its first epoch; give more than max_time={self.max_time}."
            )
        for member in members:
            if not all(np.isfinite(a).all() for a in (*member.coefs, *member.intercepts)):
                raise ValueError(
                    "Solver produced non-finite parameter weights. A lower learning_rate_init helps, or a "
                    "target without extreme values."
                )
        self.members_ = members
        self.n_iter_ = max(member.n_epochs for member in members)
        self.best_epochs_ = [member.best_epoch for member in members]
        self.validation_scores_ = [member.validation_scores for member in members]
        self._finish(members, data)
        for member in members:
            member.logits = None
        if any(member.reason == TIME for member in members):
            warnings.warn(
                f"Training stopped after max_time={self.max_time} seconds. The best weights so far are kept.",
                ConvergenceWarning,
                stacklevel=6,
            )
        if any(member.reason == INTERRUPTED for member in members):
            warnings.warn("Training interrupted by user. The best weights so far are kept.", stacklevel=6)
        if any(member.reason == DIVERGED for member in members):
            warnings.warn(
                "The loss of a member became infinite: training diverged. The best weights so far are kept. "
                "Lower learning_rate_init.",
                ConvergenceWarning,
                stacklevel=6,
            )

    def _finish(self, members, data):
        """What a subclass learns from the outputs for held-out samples."""

    # ---- prediction ----------------------------------------------------------------------------

    def _member_outputs(self, X):
        """Outputs of every member (n_members, n, n_outputs), as their networks give them."""
        check_is_fitted(self)
        given = vars(self).get("_given_outputs", {})
        if id(X) in given:
            return given[id(X)][None]
        X = validate_table(self, X, reset=False)
        dtype = np.dtype(self.dtype)
        rows = self._encoder.encode(TableColumns(X), dtype)
        network, program = self._program()
        out = np.empty((len(self.members_), len(rows), self.n_outputs_), dtype)
        n_threads = engine.effective_threads(self.n_threads)
        for member, values in zip(self.members_, out, strict=True):
            rows_of_engine = network.engine.Rows(rows)
            network.engine.forward(
                program, rows_of_engine, member.coefs, member.intercepts, values, n_threads=n_threads
            )
        return out

    def _program(self):
        """(Network, Program) of what was fitted."""
        if not vars(self).setdefault("_programs", {}):
            network = self._network()
            self._programs["fitted"] = network, network.program(self._loss())
        return self._programs["fitted"]

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("_programs", None)
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
