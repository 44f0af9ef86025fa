"""What every estimator of a network shares: fit, partial_fit, prediction, persistence.

An estimator says which layers its parameters mean and what its targets are; this module takes the
data from there to a Trainer (``_fit``) and from a row to the outputs (``_outputs``).
"""

import copy

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sknn import engine
from sknn.estimators import _architecture, _data
from sknn.estimators._callbacks import CallbackSupportMixin, EpochCallbacks
from sknn.estimators._run import Run, continued_history
from sknn.initializers import glorot_uniform
from sknn.losses import Loss
from sknn.network import Network, multilayer_perceptron
from sknn.optimizers import SGD, Adam, Optimizer
from sknn.schedules import SCHEDULES, Schedule
from sknn.training import History, LBFGSObjective, OptimizerState

# A step of fewer operations than this is over before a second thread has woken up.
PARALLEL_FLOPS = 2e6


class BaseNetwork(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Base of the estimators; the subclass encodes targets and names its parameters."""

    # ---- what a subclass says ------------------------------------------------------------------

    #: whether y is numbers, to be validated as such
    _numeric_targets: bool

    def _learn_targets(self, y, incremental, classes):
        """Learns (or checks) what the targets are, `classes_` for instance; returns y normalised."""
        raise TypeError(f"{type(self).__name__} does not say what its targets are")

    def _check_targets(self, y):
        """Validation targets, normalised; raises where they do not fit those that were learned."""
        raise TypeError(f"{type(self).__name__} does not say what its targets are")

    def _encode(self, y, dtype):
        """Targets as the loss takes them, from normalised y."""
        raise TypeError(f"{type(self).__name__} does not say how targets are encoded")

    def _loss(self) -> Loss:
        """The loss of the fitted targets."""
        raise TypeError(f"{type(self).__name__} does not say what its loss is")

    def _score_outputs(self, logits, y, sample_weight):
        """Score of the estimator's own kind, from logits and validated targets."""
        raise TypeError(f"{type(self).__name__} does not say how it is scored")

    def _default_scoring(self):
        """What ``scoring=None`` means: None for `_score_outputs`, or "loss"."""
        return None

    # ---- fit -----------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation, *, incremental=False, classes=None):
        """Fits, or leaves the estimator exactly as it was."""
        before = self.__dict__.copy()
        try:
            return self._fit_network(X, y, sample_weight, validation, incremental, classes)
        except BaseException:
            kept = {k: v for k, v in self.__dict__.items() if k.startswith(("_callback", "_skl"))}
            self.__dict__.clear()
            self.__dict__.update(before | kept)
            raise

    def _fit_network(self, X, y, sample_weight, validation, incremental, classes):
        first = "coefs_" not in self.__dict__ or not (self.warm_start or incremental)
        if incremental and self.early_stopping is True:
            raise ValueError("partial_fit does not support early_stopping=True")
        early_stopping = self._early_stopping(validation, incremental)
        X, y = self._validate_training_data(X, y, reset=first)
        dtype = np.dtype(self.dtype or X.dtype)
        _data.check_range(X, dtype)
        y = self._learn_targets(y, incremental, classes)
        weights = self._combined_weights(sample_weight, X, y)
        holdout = self._validate_holdout(validation)

        random_state = check_random_state(self.random_state)
        architecture = self._architecture(X.shape[1], first)
        loss = self._loss()
        samples = _data.training_samples(X.shape[0], weights)
        layers = multilayer_perceptron(architecture[0], loss.n_outputs, *architecture[1:])
        work_dtype = dtype if incremental else self._work_dtype(dtype, samples, layers, X.shape[1])
        network = Network(layers, X.shape[1], work_dtype, sp.issparse(X))
        history = History() if first else continued_history(self)
        if first:
            coefs, intercepts = self._initial_weights(network, architecture[1], random_state, dtype)
        else:
            coefs, intercepts = self.coefs_, self.intercepts_
        if early_stopping and holdout is None:
            stratify = self._stratify(y)
            samples, held_out = _data.split_holdout(
                samples,
                self.validation_fraction,
                random_state,
                None if stratify is None else stratify[samples],
                must_stratify=loss.n_outputs == 1,
            )
            if held_out is None:
                early_stopping = False
            else:
                holdout = (
                    _data.take(X, held_out),
                    _data.take(y, held_out),
                    _data.take(weights, held_out),
                )
        state = self._optimizer_state(incremental, random_state)
        trainer = self._trainer(network, loss, X, y, weights, samples, state)
        trainer.load(_cast(coefs, work_dtype), _cast(intercepts, work_dtype))
        for k, slot in enumerate(state.slots):
            trainer.load_slot(k, *slot)

        self._architecture_ = architecture
        self.n_outputs_ = loss.n_outputs
        self.n_layers_ = len(architecture[0]) + 2
        self.out_activation_ = loss.link
        self.coefs_, self.intercepts_ = list(coefs), list(intercepts)
        run = Run(self, network, trainer, state, history, early_stopping, incremental)
        run.monitor(holdout)
        run.train(EpochCallbacks(self, X, y, sample_weight))
        run.publish(dtype)
        return self

    def _early_stopping(self, validation, incremental):
        """Whether this fit stops early; refuses combinations that contradict each other."""
        X_val, y_val, _ = validation
        if (X_val is None) != (y_val is None):
            given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        if validation[2] is not None and X_val is None:
            raise ValueError("sample_weight_val is provided, but X_val was not provided.")
        if incremental:
            return False
        if self.early_stopping is False and X_val is not None:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is False. "
                "When passing X_val and y_val to fit, set early_stopping to 'auto' or True."
            )
        return X_val is not None if self.early_stopping == "auto" else self.early_stopping

    def _validate_training_data(self, X, y, reset):
        """X as float32 or float64, dense and C-contiguous or CSR; what fits is not copied."""
        # what is neither of the two becomes the first
        dtypes = (np.float64, np.float32) if self.dtype is None else (np.float32, np.float64)
        return validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=self._numeric_targets,
            dtype=dtypes,
            order="C",
            reset=reset,
        )

    def _combined_weights(self, sample_weight, X, y):
        """Sample weights; a classifier multiplies its class weights in."""
        return _data.check_weights(sample_weight, X)

    def _validate_holdout(self, validation):
        """(X, y, weights) of user-given validation data, validated; or None."""
        X_val, y_val, weights = validation
        if X_val is None:
            return None
        X_val, y_val = self._validate_training_data(X_val, y_val, reset=False)
        y_val = self._check_targets(y_val)
        return X_val, y_val, _data.check_weights(weights, X_val)

    def _architecture(self, n_features, first):
        """(hidden sizes, activations, dropout); a continued fit keeps the sizes of its weights."""
        sizes = _architecture.parse_hidden_layer_sizes(self.hidden_layer_sizes)
        if not first:
            shapes = [np.shape(coef) for coef in self.coefs_]
            expected = [*zip((n_features, *sizes), (*sizes, self._loss().n_outputs), strict=True)]
            if shapes != expected:
                raise ValueError(
                    f"The weights have the shapes {shapes}, but hidden_layer_sizes={sizes} and the "
                    f"data ask for {expected}; use fit with warm_start=False to start anew."
                )
        return (
            sizes,
            _architecture.parse_activations(self.activation, len(sizes)),
            _architecture.parse_dropout(self.dropout, len(sizes)),
        )

    def _work_dtype(self, dtype, samples, layers, n_features):
        """The precision of training; the fitted arrays have `dtype` whatever it is.

        L-BFGS compares losses that differ in their last digits, and small data in a single batch costs
        next to nothing: both are trained in double precision. A float32 network on such data then does
        not depend on the order of the rows, nor on whether a row is repeated or weighs more.
        """
        n_weights = Network(layers, n_features, dtype).n_weights
        one_batch = self.batch_size != "auto" or len(samples) <= 200
        one_batch = one_batch and (self.batch_size == "auto" or self.batch_size >= len(samples))
        small = one_batch and 6 * n_weights * len(samples) < PARALLEL_FLOPS
        return np.dtype(np.float64) if small or self.solver == "lbfgs" else dtype

    def _initial_weights(self, network, activations, random_state, dtype):
        # the output layer is drawn like the last hidden layer, as in scikit-learn
        last = activations[-1] if activations else "identity"
        return glorot_uniform(network.shapes, [*activations, last], random_state, dtype)

    def _stratify(self, targets):
        """What the holdout is stratified by; None for no stratification."""
        return None

    def _optimizer_state(self, incremental, random_state):
        previous = self.__dict__.get("_optimizer")
        solver = self._solver()
        if incremental and previous and solver and len(previous.slots) == solver.n_slots:
            return copy.copy(previous)
        seed = random_state.randint(np.iinfo(np.int32).max)
        return OptimizerState(self.learning_rate_init, self.learning_rate_init, seed=seed)

    def _solver(self) -> Optimizer | None:
        """The optimizer that `solver` means; None for L-BFGS."""
        if self.solver == "lbfgs":
            return None
        if self.solver == "adam":
            return Adam(self.beta_1, self.beta_2, self.epsilon)
        if self.solver == "sgd":
            return SGD(self.momentum, self.nesterovs_momentum)
        self.solver.validate()
        return self.solver

    def _schedule(self) -> Schedule:
        """The schedule that `learning_rate` means."""
        if not isinstance(self.learning_rate, str):
            self.learning_rate.validate()
            return self.learning_rate
        if self.learning_rate == "invscaling":
            return SCHEDULES["invscaling"](self.power_t)
        return SCHEDULES[self.learning_rate]()

    def _trainer(self, network, loss, X, y, weights, samples, state):
        optimizer = self._solver()
        batch_size = len(samples)
        if optimizer is not None:
            batch_size = _data.clip_batch_size(self.batch_size, len(samples))
        flops = _architecture.training_flops(network.shapes, batch_size)
        return network.engine.Trainer(
            network.program(loss, mean_gradient=optimizer is None),
            _data.rows_of(network.engine, X, network.dtype),
            self._encode(y, network.dtype),
            None if weights is None else weights.astype(network.dtype, copy=False),
            samples,
            batch_size,
            None if optimizer is None else optimizer.lower(network.engine),
            alpha=self.alpha,
            clip_norm=self.clip_norm or 0.0,
            seed=state.seed,
            n_threads=engine.effective_threads(self.n_threads) if flops > PARALLEL_FLOPS else 1,
        )

    def _loss_grad_lbfgs(self, packed, X, y, sample_weight=None, *buffers):
        """Loss and gradient at packed weights, scikit-learn's private method of the same name.

        `y` is binarized as scikit-learn's LabelBinarizer does it; `buffers` are its work arrays, which
        the engine has no use for.
        """
        loss = self._loss()
        layers = multilayer_perceptron(self._architecture_[0], loss.n_outputs, *self._architecture_[1:])
        network = Network(layers, X.shape[1], np.float64, sp.issparse(X))
        targets = np.ascontiguousarray(y, np.float64)
        if loss.kind == "softmax":
            targets = targets.argmax(axis=1, keepdims=True).astype(np.int32)
        trainer = network.engine.Trainer(
            network.program(loss, mean_gradient=True),
            _data.rows_of(network.engine, X, network.dtype),
            targets,
            _data.check_weights(sample_weight, X),
            np.arange(X.shape[0]),
            X.shape[0],
            None,
            alpha=self.alpha,
        )
        value, gradient = LBFGSObjective(trainer, network)(packed)
        return value, gradient

    # ---- prediction ----------------------------------------------------------------------------

    def _outputs(self, X, *, link=False, layer=None):
        """Logits, outputs of the link, or the values after a layer; (n, width).

        A C-contiguous float array goes to the engine as it is, which checks for NaN and infinity as
        it reads; everything else takes scikit-learn's validation.
        """
        fast = (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype.char in "fd"
            and X.flags.c_contiguous
            and "coefs_" in self.__dict__
            and X.shape[1] == self.n_features_in_
            and "feature_names_in_" not in self.__dict__
            and X.shape[0] > 0
        )
        if not fast:
            X = self._validated(X)
        out, finite = self._forward(X, link, layer)
        if not finite and not get_config()["assume_finite"]:
            if fast:
                self._validated(X)
            _data.check_range(X, self.coefs_[0].dtype)
        return out

    def _validated(self, X):
        check_is_fitted(self)
        dtypes = [np.float32, np.float64]
        return validate_data(
            self, X, accept_sparse="csr", dtype=dtypes, order="C", reset=False
        )

    def _forward(self, X, link=False, layer=None):
        """(values, whether X was finite) of validated rows."""
        coefs, intercepts = self.coefs_, self.intercepts_
        dtype = coefs[0].dtype if coefs[0].dtype.char in "fd" else np.dtype(np.float64)
        network, program = self._program(sp.issparse(X), dtype)
        n_ops, width = (-1, network.ends[-1][1]) if layer is None else network.ends[layer]
        rows = _data.rows_of(network.engine, X, dtype)
        proba = link and self.out_activation_ in ("softmax", "logistic")
        out = np.empty((X.shape[0], width), np.float64 if proba else dtype)
        n_threads = 1
        if X.shape[0] * network.n_weights > PARALLEL_FLOPS:
            n_threads = engine.effective_threads(self.n_threads)
        finite = network.engine.forward(
            program, rows, _cast(coefs, dtype), _cast(intercepts, dtype), out, n_ops, link, n_threads
        )
        return out, finite

    def _program(self, sparse, dtype):
        """(Network, Program) for the fitted arrays, kept until their shapes change."""
        key = (sparse, dtype.char, *[coef.shape for coef in self.coefs_])
        programs = self.__dict__.setdefault("_programs", {})
        if key not in programs:
            loss = self._loss()
            network = Network(
                multilayer_perceptron(
                    self._architecture_[0], loss.n_outputs, *self._architecture_[1:]
                ),
                self.n_features_in_,
                dtype,
                sparse,
            )
            programs[key] = network, network.program(loss)
        return programs[key]

    def transform(self, X, layer=-1):
        """Values of the units of a hidden layer: learned features for another model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Samples.
        layer : int, default=-1
            Which hidden layer: 1 is the first, -1 the last; 0 gives the input itself.

        Returns
        -------
        H : ndarray of shape (n, units)
            Activations, without dropout.
        """
        check_is_fitted(self)
        n_hidden = self.n_layers_ - 2
        if not -n_hidden - 1 <= layer <= n_hidden:
            raise ValueError(f"layer={layer} is not in the network; it has {n_hidden} hidden layers.")
        # dense, activation and dropout make a hidden layer; the input's dropout comes before them
        return self._outputs(X, layer=3 * (layer % (n_hidden + 1)))

    @property
    def _n_features_out(self):
        return self.coefs_[-1].shape[0]

    # ---- persistence and tags ------------------------------------------------------------------

    def __getstate__(self):
        state = dict(super().__getstate__())  # what comes from there is the estimator's own dict
        state.pop("_programs", None)
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
        tags.input_tags.sparse = True
        dtypes = ["float64", "float32"] if self.dtype is None else [self.dtype]
        tags.transformer_tags.preserves_dtype = dtypes
        return tags


def _cast(arrays, dtype):
    return [np.ascontiguousarray(array, dtype) for array in arrays]
