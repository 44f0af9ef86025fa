"""An estimator of one network, trained by many workers on dask collections."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context, clone
from sklearn.metrics import r2_score
from sklearn.utils import check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sknn._extra import import_extra
from sknn._warnings import warn
from sknn.dask.partitions import all_channels, all_classes, is_collection, load_partitions
from sknn.dask.prediction import by_partitions
from sknn.dask.rounds import SMALLEST_BATCH, OuterNesterov, Plan, Rounds
from sknn.dask.tasks import initialized
from sknn.estimators.network import NetworkEstimator
from sknn.training.history import MAX_ITER, OptimizerState
from sknn.training.loop import warn_unfinished

#: parameters of the estimator that need all samples in one place, and what to do
REFUSED = (
    ("solver", "lbfgs", "take a stochastic solver such as 'adam'"),
    ("early_stopping", True, "set early_stopping=False, and max_iter or tol"),
    ("class_weight", "balanced", "give the weights as a dict such as {0: 1, 1: 3}"),
)


def _has_probabilities(self):
    return hasattr(self.estimator, "predict_proba")


class Distributed(MetaEstimatorMixin, BaseEstimator):
    """One network trained by many workers, on dask collections whose partitions stay where they are.

    Local SGD: in a round each replica of the network trains on samples of its own, then the mean of
    their weight differences is the gradient of an outer step with Nesterov's momentum (DiLoCo). Only
    weights and the optimizer's moments travel, once in each direction per replica and round. What comes out is an ordinary fitted
    estimator, `estimator_`, which needs dask no more.

    It needs the extra ``sknn[dask]`` and a ``distributed.Client``.

    Parameters
    ----------
    estimator : estimator of one network
        MLPClassifier, MLPRegressor, CNNClassifier and so on, with a stochastic solver. Its `max_iter`, `tol`, schedules and all
        else mean what they mean in its own fit; an epoch is one pass over all partitions. Its
        `batch_size` is that of all replicas together: each has its part of it, 16 at the least, so
        that there are as many steps in an epoch as in one process.
    n_replicas : int or None, default=None
        Networks that train at the same time, on consecutive partitions each. None means one for each
        worker there is when fit begins, or one for each partition if these are fewer.
    rounds_per_epoch : int, default=16
        How often in an epoch the replicas are brought together.
    outer_learning_rate : float, default=0.7
        Rate of the outer step; 1 with ``outer_momentum=0`` is plain averaging of weights.
    outer_momentum : float, default=0.8
        Nesterov's momentum of the outer step, in [0, 1).

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,), or list of them
        Of a classifier.
    n_replicas_ : int
        Replicas that there were.

    See Also
    --------
    sknn.MLPClassifier : The networks that are trained.
    sknn.streams.prefetch : Data larger than memory on one machine.

    Notes
    -----
    The same partitions, parameters, `random_state` and `n_replicas` give the same bits, however many
    workers there are and whatever becomes of them, on processors of the same instruction set: the
    tasks of a worker that is lost run again elsewhere.

    References
    ----------
    A. Douillard et al., DiLoCo: Distributed Low-Communication Training of Language Models,
    arXiv:2311.08105 (2023).

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> from distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.dask import Distributed
    >>> client = Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0")
    >>> X, y = load_iris(return_X_y=True)
    >>> order = np.random.default_rng(0).permutation(len(X))
    >>> X, y = da.from_array(X[order], chunks=(50, 4)), da.from_array(y[order], chunks=50)
    >>> net = MLPClassifier(32, batch_size=32, learning_rate_init=0.03, max_iter=10, random_state=0)
    >>> net = Distributed(net, n_replicas=2, rounds_per_epoch=2).fit(X, y)
    >>> net.score(X, y) > 0.8
    True
    >>> net.predict(X)
    dask.array<concatenate, shape=(150,), dtype=int64, chunksize=(50,), chunktype=numpy.ndarray>
    >>> type(net.estimator_).__name__
    'MLPClassifier'
    >>> client.shutdown()
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "n_replicas": [Interval(Integral, 1, None, closed="left"), None],
        "rounds_per_epoch": [Interval(Integral, 1, None, closed="left")],
        "outer_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "outer_momentum": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        estimator,
        *,
        n_replicas=None,
        rounds_per_epoch=16,
        outer_learning_rate=0.7,
        outer_momentum=0.8,
    ):
        self.estimator = estimator
        self.n_replicas = n_replicas
        self.rounds_per_epoch = rounds_per_epoch
        self.outer_learning_rate = outer_learning_rate
        self.outer_momentum = outer_momentum

    # ---- fit -----------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, classes=None):
        """Fit the network where the partitions lie.

        Parameters
        ----------
        X : dask array or dask dataframe
            Samples: (n, n_features), and for a network on images (n, h, w) or (n, h, w, c), in chunks along
            the first axis. Sizes of chunks need not be known. The partitions are computed once and
            stay in the memory of the workers, which move to disk what does not fit.
        y : dask array, series or dataframe of shape (n,) or (n, n_outputs)
            Targets, in the same partitions.
        sample_weight : dask array or series of shape (n,), default=None
            Weights of the samples, in the same partitions.
        classes : array-like of shape (n_classes,), default=None
            All labels of a classifier; None looks for them in all partitions. For several columns of
            classes a list of arrays.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For partitions of X, y and weights that do not fit to each other, chunks that divide
            samples, columns that are no numbers, labels that are not in `classes`, fewer partitions
            than replicas; for an estimator with the solver "lbfgs", with ``early_stopping=True`` or
            ``class_weight="balanced"``.
        TypeError
            For data that are no dask collections, and an estimator that is not one network.
        ImportError
            Where dask or distributed is absent.
        """
        distributed = import_extra("distributed", "Distributed", "dask")
        net = self._checked_estimator()
        client = _client(distributed)
        # the draws of a fit in one process follow from random_state, which may be a generator
        seed = int(check_random_state(net.random_state).randint(np.iinfo(np.int32).max))
        net.random_state = seed
        partitions = load_partitions(client, net, X, y, sample_weight)
        n_replicas = self._count_replicas(client, partitions)
        self._initialize(client, net, partitions, classes)
        plan = self._plan(net, partitions, n_replicas, seed)
        outer = OuterNesterov(
            net.get_weights(),
            len(net.coefs_) + len(net.intercepts_),
            self.outer_learning_rate,
            self.outer_momentum,
        )
        rounds = Rounds(client, net, partitions, plan, outer)
        ending = rounds.run()
        _publish(net, rounds, ending)
        net.random_state = self.estimator.random_state
        self.estimator_, self.n_replicas_ = net, n_replicas
        if hasattr(net, "classes_"):
            self.classes_ = net.classes_
        return self

    def _checked_estimator(self):
        """A clone of the estimator; raises for what cannot be trained in rounds."""
        estimator = self.estimator
        if not isinstance(estimator, NetworkEstimator):
            raise TypeError(
                f"estimator is a {type(estimator).__name__}; Distributed trains the estimators of one "
                "network, such as MLPClassifier or CNNClassifier. Transform X as a dask collection "
                "before, such as (X - X.mean(axis=0)) / X.std(axis=0)."
            )
        for name, value, remedy in REFUSED:
            given = getattr(estimator, name, None)
            if isinstance(given, type(value)) and given == value:
                raise ValueError(f"{name}={value!r} cannot be trained by many workers: {remedy}.")
        net = clone(estimator)
        net._validate_params()
        return net

    def _count_replicas(self, client, partitions):
        wanted, n_partitions = self.n_replicas, len(partitions)
        if wanted is None:
            n_workers = len(client.scheduler_info(n_workers=-1)["workers"])
            if n_workers > n_partitions:
                warn(
                    f"X has {n_partitions} partitions with samples for {n_workers} workers: "
                    f"{n_workers - n_partitions} have nothing to do. Rechunk or repartition X and y to "
                    "more."
                )
            return max(1, min(n_workers, n_partitions))
        if wanted > n_partitions:
            raise ValueError(
                f"n_replicas={wanted} is more than the {n_partitions} partitions of X that have "
                "samples; rechunk or repartition X and y to more, or lower it."
            )
        return wanted

    def _initialize(self, client, net, partitions, classes):
        """Builds the network on the first partition, with the classes and channels of all."""
        if not net._numeric_targets:
            classes = all_classes(partitions, classes)
        first = partitions[0]
        built = client.submit(initialized, net, first.X, first.y, classes, pure=False).result()
        vars(net).update(vars(built))
        if first.facts.channels is not None:
            net.channel_means_, net.channel_scales_ = all_channels(partitions)

    def _plan(self, net, partitions, n_replicas, seed):
        lengths = tuple(partition.n_samples for partition in partitions)
        batch = net._family.auto_batch_size if net.batch_size == "auto" else int(net.batch_size)
        return Plan(
            lengths,
            n_replicas,
            self.rounds_per_epoch,
            net._family.epochs(net, sum(lengths)),
            max(batch // n_replicas, min(batch, SMALLEST_BATCH)),
            seed,
            getattr(net, "shuffle", True),
        )

    # ---- prediction ----------------------------------------------------------------------------

    def predict(self, X):
        """Predict labels or continuous targets.

        Parameters
        ----------
        X : dask array or dask dataframe, or whatever the estimator takes
            Samples.

        Returns
        -------
        y : dask array of shape (n,) or (n, n_outputs), or ndarray
            Lazy for a dask collection, with its partitions.
        """
        check_is_fitted(self)
        return by_partitions(self.estimator_, "predict", X)

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : dask array or dask dataframe, or whatever the estimator takes
            Samples.

        Returns
        -------
        P : dask array of shape (n, n_classes), or ndarray
            Lazy for a dask collection, with its partitions.

        Raises
        ------
        ValueError
            For several columns of classes in a dask collection, whose probabilities are no one array.
        """
        check_is_fitted(self)
        if is_collection(X) and isinstance(self.classes_, list):
            raise ValueError(
                "predict_proba of several columns of classes is no one array; map "
                "estimator_.predict_proba over the partitions of X."
            )
        return by_partitions(self.estimator_, "predict_proba", X)

    def score(self, X, y, sample_weight=None):
        """Compute the accuracy of a classifier, R² of a regressor.

        Parameters
        ----------
        X : dask array or dask dataframe, or whatever the estimator takes
            Samples.
        y : dask array, series or array-like of shape (n,) or (n, n_outputs)
            True targets.
        sample_weight : dask array, series or array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            Predictions are made where the partitions lie; they and the targets come together here.
        """
        dask = import_extra("dask", "Distributed", "dask")
        # one by one: dask warns where arrays and frames are computed together
        parts = self.predict(X), y, sample_weight
        predicted, y, sample_weight = [dask.compute(part)[0] for part in parts]
        if self.estimator_._numeric_targets:
            return r2_score(y, predicted, sample_weight=sample_weight)
        return self.estimator_._targets().accuracy(y, predicted, sample_weight)

    # ---- tags ----------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return "estimator_" in vars(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator)
        tags.estimator_type = own.estimator_type
        tags.classifier_tags, tags.regressor_tags = own.classifier_tags, own.regressor_tags
        return tags


def _client(distributed):
    """The client that there is."""
    try:
        return distributed.default_client()
    except ValueError as error:
        raise ValueError(
            "Distributed needs a cluster: create a client before, distributed.Client() for one on this "
            "machine, or distributed.Client(address)."
        ) from error


def _publish(net, rounds, ending):
    """Sets the fitted attributes that training has found."""
    net.set_weights(rounds.outer.weights)
    n_epochs = ending.n_epochs
    rate = net.learning_rate_init
    vars(net).update(
        loss_curve_=rounds.loss_curve,
        loss_=rounds.loss_curve[-1],
        best_loss_=rounds.best,
        n_iter_=n_epochs,
        t_=n_epochs * rounds.n_samples,
        _no_improvement_count=rounds.no_improvement,
        _optimizer=OptimizerState(
            rate,
            rounds.learning_rate,
            epochs=n_epochs,
            seed=rounds.plan.seed,
            kind=net._optimizer.kind,
        ),
    )
    if not (ending.reason == MAX_ITER and rounds.schedule.per_step):
        limits = {"max_iter": rounds.plan.n_epochs, "max_time": net.max_time}
        warn_unfinished([ending], **limits)
