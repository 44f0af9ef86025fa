"""Optimizers: how a gradient becomes a step. One class each; the update itself is one function in
``engine/optimizer.pxi``.

An instance may be given to an estimator in place of a name, ``MLPClassifier(solver=Adam(beta_1=0.8))``,
and its parameters are then searched as ``solver__beta_1``. The table `SOLVERS` at the end says what
each name means.

In the formulas g is the gradient, w a weight, η the learning rate of the step and t its number, from 1
on; all but Muon is elementwise, and what is not w begins at zero.
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

#: parameters of scikit-learn's MLP that Adam and its kin take under the same names
MOMENTS = {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"}

#: what a solver's name means: a class, and the parameters that scikit-learn's MLP has for it
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


def solver_of(name, parameters):
    """The optimizer that a solver's name means.

    Parameters
    ----------
    name : str
        One of `SOLVERS`.
    parameters : dict
        Those of an estimator; what it does not have is the optimizer's default.

    Returns
    -------
    optimizer : Optimizer
    """
    make, names = SOLVERS[name]
    known = {own: parameters[given] for given, own in names.items() if given in parameters}
    return make(**known)
