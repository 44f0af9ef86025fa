"""pytest plugin: scikit-learn's own tests of its MLP, run on sknn's.

    python -m pytest -p tests.sklearn_mlp_plugin --pyargs sklearn.neural_network.tests.test_mlp

Only the default ``dtype=None`` differs from sknn's: these tests expect the network to follow X.
"""

import functools

import sklearn.neural_network

import sknn
from tests.lbfgs_gradient import loss_grad_lbfgs


def pytest_configure(config):
    """Swap the estimators before the tests are imported."""
    for network in (sknn.MLPClassifier, sknn.MLPRegressor):
        network._loss_grad_lbfgs = loss_grad_lbfgs
    sklearn.neural_network.MLPClassifier = functools.partial(sknn.MLPClassifier, dtype=None)
    sklearn.neural_network.MLPRegressor = functools.partial(sknn.MLPRegressor, dtype=None)
