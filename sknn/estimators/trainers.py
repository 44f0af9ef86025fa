"""The engine's Trainer for an estimator of one network, its optimizer and its learning-rate schedule."""

import numpy as np

from sknn.estimators.precision import MIXED
from sknn.network.fitted import threads_for
from sknn.optimizers import solver_of
from sknn.schedules import SCHEDULES, InverseScaling


def trainer_of(net, network, program, data, samples, batch_size, optimizer, **options):
    """A Trainer loaded with the weights of an estimator.

    Parameters
    ----------
    net : NetworkEstimator
        Fitted, at least with the weights that training starts from.
    network : Network
    program : the engine's Program
    data : Dataset
    samples : ndarray of int
        Numbers of the samples to train on.
    batch_size : int
    optimizer : as the engine takes it, or None for gradients alone
    **options
        Further ones of the Trainer.
    """
    trainer = network.engine.Trainer(
        program,
        net._input().rows(network, data.X),
        net._targets().encode(data.y, network.dtype),
        data.weights_as(network.dtype),
        samples,
        batch_size,
        optimizer,
        n_threads=threads_for(6 * batch_size * network.multiply_adds, net.n_threads),
        **options,
    )
    weights = net._weights(network.dtype)
    trainer.load(weights.coefs, weights.intercepts)
    if network.statistics_shapes:
        trainer.load_statistics(weights.means, weights.variances)
    return trainer


def optimizer_of(net, family):
    """The optimizer that a parameter `solver` means; None for L-BFGS.

    Parameters
    ----------
    net : NetworkEstimator
    family : NetworkFamily

    Raises
    ------
    ValueError
        Where L-BFGS, which minimizes one fixed function along lines of its own, is asked for something
        that only steps have.
    """
    if net.solver == "lbfgs":
        _refuse_what_needs_steps(net, family)
        return None
    if isinstance(net.solver, str):
        return solver_of(net.solver, net)
    net.solver.validate()
    return net.solver


def _refuse_what_needs_steps(net, family):
    for name, off in (("dropout", 0), ("clip_norm", None), ("warmup", 0)):
        value = getattr(net, name, off)
        if value is not None and np.any(np.asarray(value) != off):
            raise ValueError(
                f"{name}={value!r} needs a stochastic solver such as 'adam'; with solver='lbfgs' "
                f"set {name}={off}."
            )
    if net.dtype == MIXED:
        raise ValueError(
            f"dtype={MIXED!r} needs a stochastic solver such as 'adam'; with solver='lbfgs' set "
            "dtype='float32'."
        )
    name = family.needs_steps(net)
    if name:
        raise ValueError(
            f"{name} needs a stochastic solver such as 'adam': solver='lbfgs' minimizes one fixed function."
        )


def schedule_of(learning_rate, estimator):
    """Make the schedule that a parameter `learning_rate` means.

    Parameters
    ----------
    learning_rate : str or Schedule
        One of the names in `SCHEDULES`, or a schedule, which is validated.
    estimator : estimator
        Has the exponent of "invscaling", or takes the default.

    Returns
    -------
    schedule : Schedule
    """
    if not isinstance(learning_rate, str):
        learning_rate.validate()
        return learning_rate
    if learning_rate == "invscaling" and hasattr(estimator, "power_t"):
        return InverseScaling(estimator.power_t)
    return SCHEDULES[learning_rate]()
