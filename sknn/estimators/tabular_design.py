"""What an estimator of tabular data learns before its members: targets, features, architectures."""

from dataclasses import replace

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import _check_monotonic_cst

from sknn._ranges import MAX_COUNT
from sknn.ensemble.copies import distinct
from sknn.ensemble.effort import PIECEWISE_LINEAR_FROM, batch_size
from sknn.ensemble.members import Recipe
from sknn.ensemble.monotonic import RISING
from sknn.ensemble.networks import Architecture
from sknn.ensemble.tasks import Plan, encoded
from sknn.estimators import trainers
from sknn.estimators.precision import MIXED, array_dtype
from sknn.inputs.dataset import Dataset, has_validation_data
from sknn.inputs.table import TableInput
from sknn.network.parsing import parse_hidden_layer_sizes
from sknn.optimizers import AdamW
from sknn.schedules import Adaptive

#: bins of each numerical feature, for numeric_embedding="piecewise_linear"
N_BINS = 16
#: of all features together, where n_thresholds="auto": the threshold features of wide data must not outgrow it
MOST_THRESHOLDS = 800


class TabularDesign:
    """Targets, encoding of the features, and networks of an ensemble.

    Parameters
    ----------
    net : TabularEstimator
        A working copy, on which is left what is learned.
    new : bool, default=True
        Whether everything is learned anew, or is what the last fit has learned.
    """

    def __init__(self, net, new=True):
        self.net, self.new = net, new
        self.dtype = np.dtype(array_dtype(net.dtype))
        self.input = TableInput(None if new else net._encoder)

    # ---- data ----------------------------------------------------------------------------------

    def training_data(self, given, incremental=False, classes=None):
        """Validated training data; learns what the targets are.

        Parameters
        ----------
        given : Given
        incremental : bool, default=False
            Whether this is partial_fit.
        classes : array-like or None, default=None
            What partial_fit was told.
        """
        net = self.net
        numeric = net._numeric_targets
        X, y = self.input.validate(net, given.X, given.y, numeric=numeric, reset=self.new)
        targets, y = net._learn_targets(y, self.new, incremental, classes)
        self.remember(targets)
        return Dataset.of(X, y, given.sample_weight, targets, groups=given.groups)

    def validation_data(self, given):
        """Validated validation data of the user's, or None."""
        net = self.net
        if not has_validation_data(given):
            return None
        X, y = self.input.validate(net, given.X, given.y, numeric=net._numeric_targets)
        y = self.targets.check(y)
        return Dataset.of(X, y, given.sample_weight, self.targets)

    def remember(self, targets):
        """Sets what was learned about the targets."""
        self.targets = targets
        vars(self.net).update(targets.attributes, n_outputs_=targets.n_outputs)

    def learn_input(self, data, samples):
        """Learns how features are encoded, from the samples that count."""
        net = self.net
        names = vars(net).get("feature_names_in_")
        self.effort = net._efforts[net.effort].of_samples(len(samples))
        self.few = len(samples) < PIECEWISE_LINEAR_FROM
        embeddings = {self._embedding(kind) for kind in self.effort.kinds}
        constrained = any(self._monotonic_signs()) and net.numeric_embedding is not None
        n_bins = N_BINS if "piecewise_linear" in embeddings or constrained else None
        net.is_categorical_ = self.input.learn(
            data.X, samples, net.categorical_features, names, n_bins, net.smooth_clip
        )
        net._encoder = self.input.encoder
        self._check_constraints()
        if net.target_statistics and net._encoder.of_rare_categories(len(samples)):
            self._learn_statistics(data, samples)

    def _monotonic_signs(self):
        """The sign with which the outputs rise or fall with each feature; nothing where none has one."""
        signs = _check_monotonic_cst(self.net, self.net.monotonic_cst)
        return tuple(signs.tolist()) if signs.any() else ()

    def _check_constraints(self):
        """Refuses monotonic constraints that no network could keep to."""
        net, signs = self.net, self._monotonic_signs()
        if not signs:
            return
        given = f"monotonic_cst={net.monotonic_cst!r}"
        if self.targets.loss.kind == "softmax":
            raise ValueError(f"{given} needs two classes: with more, none of them can always rise.")
        categorical = np.flatnonzero(net.is_categorical_ & np.array(signs, bool))
        if len(categorical):
            raise ValueError(
                f"{given} constrains feature {categorical[0]}, which is categorical: its values have no "
                "order. Make numbers of them, or set 0."
            )
        if net.activation not in {"auto", *RISING}:
            raise ValueError(
                f"{given} needs an activation that never falls, one of {', '.join(RISING)}, but "
                f"activation={net.activation!r}."
            )

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

    def encoded(self, rows, data, engine):
        """Encoded samples, with their targets and weights, as the engine takes them."""
        n_numbers = self.input.encoder.n_numbers
        return encoded(rows, n_numbers, data, self.targets, self.dtype, engine)

    # ---- networks ------------------------------------------------------------------------------

    def _embedding(self, kind):
        """The embedding of numerical features in a kind of members."""
        if self.net.numeric_embedding != "auto":
            return self.net.numeric_embedding
        return "periodic" if self.few else kind.embedding

    def _named(self):
        """The parts of an architecture that the parameters do not leave to the kind of members."""
        net = self.net
        given = {
            "sizes": net.hidden_layer_sizes,
            "activation": net.activation,
            "embedding": net.numeric_embedding if self.input.encoder.n_numbers else None,
            "dropout": net.dropout,
        }
        named = {k: v for k, v in given.items() if not (isinstance(v, str) and v == "auto")}
        if "sizes" in named:
            named["sizes"] = parse_hidden_layer_sizes(named["sizes"])
        return named | {
            "category_dim": net.category_embedding,
            "scaling_layer": net.scaling_layer,
            "parametric": net.parametric_activation,
            "parametrization": net.parametrization,
            "monotonic_cst": self._monotonic_signs(),
        }

    def _architecture(self, kind):
        """The layers of a kind of members, as far as the parameters leave a choice."""
        of_kind = {
            "sizes": (kind.units,) * kind.n_layers,
            "activation": "selu" if any(self._monotonic_signs()) else self.net._auto_activation,
            "embedding": self._embedding(kind),
            "dropout": kind.dropout,
        }
        parts = of_kind | self._named()
        return Architecture(
            **parts,
            sigma=kind.sigma if parts["embedding"] == "periodic" else None,
            thresholds=kind.thresholds,
            n_outputs=self.targets.n_outputs,
        )

    def fitted_networks(self):
        """The networks of the last fit, whose dropout alone may have changed since."""
        net, named = self.net, self._named()
        for name in named.keys() - {"dropout"}:
            for value in {getattr(one, name) for one in net._architectures} - {named[name]}:
                raise ValueError(
                    f"The members were built with {name}={value!r}, but the parameters now say "
                    f"{named[name]!r}; use fit to start anew."
                )
        net._architectures = [replace(one, **named) for one in net._architectures]
        net._start_caches()
        return [one.network(net._encoder, self.dtype) for one in net._architectures]

    def plan(self, data, samples, n_threads):
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

    def recipe(self, networks, schedule, fitted, n_samples, **options):
        """How every member is trained on so many samples; `options` are further ones of the Recipe."""
        net, rate = self.net, self.net.learning_rate_init
        return Recipe(
            networks,
            self.targets.loss,
            self.targets.validation_loss,
            AdamW(beta_2=net.beta_2, weight_decay=net.weight_decay),
            schedule,
            fitted,
            net._auto_learning_rate if rate == "auto" else rate,
            batch_size(n_samples) if net.batch_size == "auto" else int(net.batch_size),
            data_driven=net.data_driven_init,
            groups=self.input.encoder.groups,
            bfloat16=net.dtype == MIXED,
            verbose=net.verbose,
            **options,
        )


def schedule_of(net, auto):
    """The schedule that `learning_rate` means; `auto` is what "auto" does."""
    schedule = net.learning_rate
    schedule = auto if schedule == "auto" else trainers.schedule_of(schedule, net)
    if isinstance(schedule, Adaptive):
        raise ValueError(
            f"learning_rate={net.learning_rate!r} waits for progress to stop, but the epochs of a "
            "member are planned, or endless; take 'auto', 'cosine' or another schedule."
        )
    return schedule


def _work(networks, samples):
    """Multiply-adds of each network for all samples once."""
    return [len(samples) * network.multiply_adds for network in networks]
