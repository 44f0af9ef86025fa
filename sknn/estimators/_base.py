"""What every estimator of a network shares: fit, partial_fit, persistence.

An estimator says which layers its parameters mean (``MLP``, ``CNN``) and what its targets are
(``NetworkClassifier``, ``NetworkRegressor``); this module takes the data from there to a Trainer
(``_fit``). From a row to the outputs it is `Prediction`.
"""

import copy
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.base import TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sknn import engine
from sknn._ranges import MAX_COUNT
from sknn.estimators import _data
from sknn.estimators._callbacks import EpochCallbacks
from sknn.estimators._estimator import Estimator
from sknn.estimators._insides import Insides
from sknn.estimators._inspection import Inspection
from sknn.estimators._monte_carlo import MonteCarlo
from sknn.estimators._prediction import PARALLEL_FLOPS, Prediction, threads_for
from sknn.estimators._run import Run, continued_history
from sknn.estimators._snapshot import atomic_fit
from sknn.losses import Loss
from sknn.optimizers import SOLVERS, Optimizer
from sknn.schedules import SCHEDULES, Schedule
from sknn.training import History, OptimizerState


class BaseNetwork(Inspection, Insides, MonteCarlo, Prediction, TransformerMixin, Estimator):
    """Base of the estimators; the subclass encodes targets and says which layers it means."""

    # ---- what a subclass says ------------------------------------------------------------------

    #: whether y is numbers, to be validated as such
    _numeric_targets: bool
    #: names of the attributes that `get_weights` joins
    _fitted_arrays: tuple[str, ...] = ("coefs_", "intercepts_")
    #: samples of a mini-batch where ``batch_size="auto"``
    _auto_batch_size = 200
    #: data in a single batch train in double precision if an epoch is less work than this
    _double_flops = PARALLEL_FLOPS

    def _architecture(self):
        """What the parameters say about the hidden layers, checked: one entry each in its first item."""
        raise TypeError(f"{type(self).__name__} does not say which layers it means")

    def _learn_targets(self, y, first, incremental, classes):
        """Learns (or, if not `first`, checks) what the targets are; returns y normalised."""
        raise TypeError(f"{type(self).__name__} does not say what its targets are")

    def _check_targets(self, y):
        """Validation targets, normalised; raises where they do not fit those that were learned."""
        raise TypeError(f"{type(self).__name__} does not say what its targets are")

    def _encode(self, y, dtype):
        """Targets as the loss takes them, from normalised y."""
        raise TypeError(f"{type(self).__name__} does not say how targets are encoded")

    def _hint(self, y):
        """Warns where targets want another form; here never."""

    def _loss(self) -> Loss:
        """The loss of the fitted targets."""
        raise TypeError(f"{type(self).__name__} does not say what its loss is")

    def _score_outputs(self, logits, y, sample_weight):
        """Score of the estimator's own kind, from logits and validated targets."""
        raise TypeError(f"{type(self).__name__} does not say how it is scored")

    # ---- fit -----------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation, *, incremental=False, classes=None, train=True):
        """Fits, or leaves the estimator exactly as it was."""
        started = engine.load("float32").clock()
        data = X, y, sample_weight
        with atomic_fit(self) as working_copy:
            working_copy._fit_network(self, started, data, validation, incremental, classes, train)
        return self

    def _fit_network(self, owner, started, given, validation, incremental, classes, train):
        """Fits this working copy of its `owner`, whose callbacks are told."""
        first = not train or "coefs_" not in vars(self) or not (self.warm_start or incremental)
        early_stopping = self._early_stopping(validation, incremental)
        X, y, sample_weight = given
        data = self._training_data(X, y, sample_weight, first, incremental, classes)
        holdout = self._validation_data(*validation)
        samples = _data.training_samples(data)
        if first and train:
            self._hint(data.y[samples])

        random_state = check_random_state(self.random_state)
        follows = data.X.dtype if data.X.dtype.kind == "f" else np.float64
        dtype = np.dtype(self.dtype or (follows if first else self._fitted_dtype()))
        loss = self._loss()
        self.n_outputs_ = loss.n_outputs
        self._architecture_ = self._architecture()
        sparse = sp.issparse(data.X)
        network = self._network(dtype, sparse)
        self._start_weights(network, first, random_state)
        if not incremental and self._trains_in_double(network, len(samples)):
            network = self._network(np.float64, sparse)
        if early_stopping and holdout is None:
            samples, holdout = self._split_holdout(data, samples, random_state)
            early_stopping = holdout is not None
        if first:
            self._learn_input(network, data, samples)
        state = self._optimizer_state(incremental, random_state)
        trainer = self._trainer(network, loss, data, samples, state)

        self.n_layers_ = len(self._architecture_[0]) + 2
        self.out_activation_ = loss.link
        self._start_caches()
        history = History() if first else continued_history(self)
        run = Run(
            self, dtype, network, trainer, state, history, early_stopping, incremental, started
        )
        if not train:
            vars(self).update(run.attributes())
            return
        run.monitor(holdout)
        run.train(EpochCallbacks(owner, data, self))
        run.publish()

    def _early_stopping(self, validation, incremental):
        """Whether this fit stops early; refuses combinations that contradict each other."""
        if incremental and self.early_stopping is True:
            raise ValueError("partial_fit does not support early_stopping=True")
        has_validation_data = self._has_validation_data(*validation)
        if incremental:
            return False
        if self.early_stopping is False and has_validation_data:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is False. "
                "When passing X_val and y_val to fit, set early_stopping to 'auto' or True."
            )
        return has_validation_data if self.early_stopping == "auto" else self.early_stopping

    def _training_data(self, X, y, sample_weight, first, incremental, classes):
        """Validated training data; learns what the targets are."""
        given = X
        X, y = self._validate_samples(X, y, reset=first)
        y = self._learn_targets(y, first, incremental, classes)
        return self._weighted(X, y, sample_weight, given)

    def _validation_data(self, X, y, sample_weight):
        """Validated validation data of the user's, or None."""
        if X is None:
            return None
        given = X
        X, y = self._validate_samples(X, y, reset=False)
        return self._weighted(X, self._check_targets(y), sample_weight, given)

    def _validate_samples(self, X, y, reset):
        """X as float32 or float64, dense and C-contiguous or CSR; what fits is not copied."""
        _data.check_sparse(X, "X")
        _data.check_sparse(y, "y")
        if self._numeric_targets:
            _data.refuse_sparse(y)
        with _data.missing_values_explained(self):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=self._accept_sparse,
                multi_output=True,
                y_numeric=self._numeric_targets,
                dtype=self._accepted_dtypes(X, np.dtype(self.dtype)),
                order="C",
                reset=reset,
            )
        dtype = self.dtype or X.dtype
        _data.check_range(X, dtype, "Input X")
        if self._numeric_targets:
            _data.check_range(y, dtype, "y")
        return X, y

    def _start_weights(self, network, first, random_state):
        """Sets the fitted arrays that training starts from: new ones, or those of the last fit."""
        if first:
            self.coefs_, self.intercepts_ = network.initial_weights(random_state)
            return
        found, expected = [np.shape(coef) for coef in self.coefs_], network.coef_shapes
        if found != expected:
            raise ValueError(
                f"The weights have the shapes {found}, but the hidden layers {self._architecture_[0]} "
                f"and the data ask for {expected}; use fit with warm_start=False to start anew."
            )
        self.coefs_, self.intercepts_ = list(self.coefs_), list(self.intercepts_)

    def _learn_input(self, network, data, samples):
        """Learns from these samples of a first fit what is done to the input; here nothing."""

    def _trains_in_double(self, network, n_samples):
        """Whether to train in double precision; the fitted arrays have the declared one anyway.

        L-BFGS compares losses that differ in their last digits, and small data in a single batch costs
        next to nothing. A float32 network on such data then does not depend on the order of the rows,
        nor on whether a row is repeated or weighs more.
        """
        largest_batch = self._auto_batch_size if self.batch_size == "auto" else self.batch_size
        small = 6 * network.multiply_adds * n_samples < self._double_flops
        return self.solver == "lbfgs" or (small and n_samples <= largest_batch)

    def _stratify(self, targets):
        """What the holdout is stratified by; None for no stratification."""
        return None

    def _split_holdout(self, data, samples, random_state):
        """(training samples, holdout); all of them and None where there are too few."""
        stratify = self._stratify(data.y)
        samples, held_out = _data.split_holdout(
            samples,
            self.validation_fraction,
            random_state,
            None if stratify is None else stratify[samples],
            must_stratify=self._loss().n_outputs == 1,
        )
        if held_out is None:
            return samples, None
        few = self._too_few_to_validate(data.y, held_out)
        if few:
            warnings.warn(
                f"validation_fraction={self.validation_fraction} of {len(samples) + len(held_out)} "
                f"samples leaves {few} to validate on: scores of so few say little. Increase "
                "validation_fraction, or pass X_val and y_val.",
                stacklevel=6,
            )
        return samples, data.take(held_out)

    def _optimizer_state(self, incremental, random_state):
        previous = self.__dict__.get("_optimizer")
        solver = self._solver()
        if incremental and previous and previous.belongs_to(solver):
            return copy.copy(previous)
        seed = random_state.randint(np.iinfo(np.int32).max)
        kind = solver.kind if solver else "lbfgs"
        return OptimizerState(
            self.learning_rate_init, self.learning_rate_init, seed=seed, kind=kind
        )

    def _solver(self) -> Optimizer | None:
        """The optimizer that `solver` means; None for L-BFGS."""
        if self.solver == "lbfgs":
            self._refuse_what_needs_steps()
            return None
        if isinstance(self.solver, str):
            return SOLVERS[self.solver](self)
        self.solver.validate()
        return self.solver

    def _refuse_what_needs_steps(self):
        """L-BFGS minimises one fixed function along lines of its own."""
        for name, off in (("dropout", 0), ("clip_norm", None), ("warmup", 0)):
            value = getattr(self, name)
            if value is not None and np.any(np.asarray(value) != off):
                raise ValueError(
                    f"{name}={value!r} needs a stochastic solver such as 'adam'; with solver='lbfgs' "
                    f"set {name}={off}."
                )

    def _schedule(self) -> Schedule:
        """The schedule that `learning_rate` means."""
        if not isinstance(self.learning_rate, str):
            self.learning_rate.validate()
            return self.learning_rate
        if self.learning_rate == "invscaling":
            return SCHEDULES["invscaling"](self.power_t)
        return SCHEDULES[self.learning_rate]()

    def _epochs(self, n_samples):
        """Most epochs over that many samples."""
        return min(int(self.max_iter), MAX_COUNT)

    def _trainer(self, network, loss, data, samples, state):
        """The engine's Trainer, loaded with weights and the optimizer's state."""
        optimizer = self._solver()
        batch_size = len(samples)
        if optimizer is not None:
            batch_size = _data.clip_batch_size(self.batch_size, len(samples), self._auto_batch_size)
        trainer = self._trainer_of_weights(
            network,
            network.program(loss, mean_gradient=optimizer is None),
            data,
            samples,
            batch_size,
            None if optimizer is None else optimizer.lower(network.engine),
            alpha=self.alpha,
            clip_norm=self.clip_norm or 0.0,
            seed=state.seed,
            **self._training_input(),
        )
        for k, slot in enumerate(state.slots):
            trainer.load_slot(k, *[_data.cast(arrays, network.dtype) for arrays in slot])
        return trainer

    def _trainer_of_weights(
        self, network, program, data, samples, batch_size, optimizer, **options
    ):
        """A Trainer loaded with the weights alone."""
        trainer = network.engine.Trainer(
            program,
            self._rows(network, data.X),
            self._encode(data.y, network.dtype),
            data.weights_as(network.dtype),
            samples,
            batch_size,
            optimizer,
            n_threads=threads_for(6 * batch_size * network.multiply_adds, self.n_threads),
            **options,
        )
        weights = self.coefs_, self.intercepts_
        trainer.load(*[_data.cast(arrays, network.dtype) for arrays in weights])
        if network.statistics_shapes:
            trainer.load_statistics(*self._statistics(network))
        return trainer

    def _training_input(self):
        """More that the Trainer is told about its input."""
        return {}

    def _check_solver(self):
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
            )
        return True

    # ---- persistence and tags ------------------------------------------------------------------

    def __getstate__(self):
        state = super().__getstate__()
        optimizer = state.get("_optimizer")
        if optimizer is not None:
            state["_optimizer"] = dict(vars(optimizer))
            if optimizer.slots:  # partial_fit: it may be called for ever, pickles stay small
                for curve in ("loss_curve_", "validation_scores_", "validation_loss_curve_"):
                    if state.get(curve):
                        state[curve] = state[curve][-1:]
        return state

    def __setstate__(self, state):
        state = dict(state)
        if isinstance(state.get("_optimizer"), dict):
            state["_optimizer"] = OptimizerState(**state["_optimizer"])
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = bool(self._accept_sparse)
        dtypes = ["float64", "float32"] if self.dtype is None else [self.dtype]
        tags.transformer_tags.preserves_dtype = dtypes
        return tags
