"""Optimizers: how a gradient becomes a step. One class each; the update itself is one function in
``engine/optimizer.pxi``.

An instance may be given to an estimator in place of a name, ``MLPClassifier(solver=Adam(beta_1=0.8))``,
and its parameters are then searched as ``solver__beta_1``. The table `SOLVERS` at the end says what
each name means.

In the formulas g is the gradient, w a weight, η the learning rate of the step and t its number, from 1
on; all but Muon is elementwise, and what is not w begins at zero.
"""

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

#: what a solver's name means, from the parameters of the estimator; all else is the class's default
SOLVERS = {
    "sgd": lambda net: SGD(net.momentum, net.nesterovs_momentum),
    "momentum": lambda net: SGD(net.momentum, nesterov=False),
    "nesterov": lambda net: SGD(net.momentum, nesterov=True),
    "adagrad": lambda net: Adagrad(),
    "adadelta": lambda net: Adadelta(),
    "rmsprop": lambda net: RMSprop(),
    "adam": lambda net: Adam(net.beta_1, net.beta_2, net.epsilon),
    "adamw": lambda net: AdamW(net.beta_1, net.beta_2, net.epsilon),
    "nadam": lambda net: NAdam(net.beta_1, net.beta_2, net.epsilon),
    "muon": lambda net: Muon(beta_1=net.beta_1, beta_2=net.beta_2, epsilon=net.epsilon),
}
