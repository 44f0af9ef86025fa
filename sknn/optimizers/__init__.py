"""Optimizers. The updates themselves are in ``engine/optimizer.pxi``.

An estimator accepts an instance instead of a name, ``MLPClassifier(solver=Adam(beta_1=0.8))``; its
parameters can then be searched as ``solver__beta_1``. `SOLVERS` maps names to optimizers.

In the formulas, g is the gradient, w a weight, η the learning rate of the step and t its number, from 1
on. All state begins at zero. All optimizers except Muon are elementwise.
"""

from collections.abc import Callable
from functools import partial

from sknn.optimizers._adam import Adam, AdamW, NAdam
from sknn.optimizers._adaptive import Adadelta, Adagrad, RMSprop
from sknn.optimizers._muon import Muon
from sknn.optimizers._optimizer import Optimizer
from sknn.optimizers._sgd import SGD

__all__ = [
    "SGD",
    "SOLVERS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Muon",
    "NAdam",
    "Optimizer",
    "RMSprop",
]

#: parameters of scikit-learn's MLP for Adam and its variants
MOMENTS = {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"}

#: name of a solver -> class, and the parameters of scikit-learn's MLP that it takes
SOLVERS: dict[str, tuple[Callable[..., Optimizer], dict[str, str]]] = {
    "sgd": (SGD, {"momentum": "momentum", "nesterovs_momentum": "nesterov"}),
    "momentum": (partial(SGD, nesterov=False), {"momentum": "momentum"}),
    "nesterov": (partial(SGD, nesterov=True), {"momentum": "momentum"}),
    "adagrad": (Adagrad, {}),
    "adadelta": (Adadelta, {}),
    "rmsprop": (RMSprop, {}),
    "adam": (Adam, MOMENTS),
    "adamw": (AdamW, MOMENTS),
    "nadam": (NAdam, MOMENTS),
    "muon": (Muon, MOMENTS),
}


def solver_of(name, estimator):
    """Make the optimizer for the name of a solver.

    Parameters
    ----------
    name : str
        One of `SOLVERS`.
    estimator : estimator
        Has the parameters. Missing ones take the optimizer's defaults.

    Returns
    -------
    optimizer : Optimizer
    """
    make, names = SOLVERS[name]
    known = {own: getattr(estimator, n) for n, own in names.items() if hasattr(estimator, n)}
    return make(**known)
