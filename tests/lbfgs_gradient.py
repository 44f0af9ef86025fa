"""scikit-learn's private ``_loss_grad_lbfgs`` for sknn's MLPs: its tests and ours ask for it."""

import numpy as np
import scipy.sparse as sp

from sknn.inputs.dataset import check_weights
from sknn.training.lbfgs import LBFGSObjective


def loss_grad_lbfgs(net, packed, X, y, sample_weight=None, *buffers):
    """Loss and gradient at packed weights.

    `y` is binarized as scikit-learn's LabelBinarizer does it; `buffers` are its work arrays, which
    the engine has no use for.
    """
    loss = net._targets().loss
    network = net._family.network(net, np.float64, sp.issparse(X))
    targets = np.ascontiguousarray(y, np.float64)
    if loss.kind == "softmax":
        targets = targets.argmax(axis=1, keepdims=True).astype(np.int32)
    trainer = network.engine.Trainer(
        network.program(loss, mean_gradient=True),
        net._input().rows(network, X),
        targets,
        check_weights(sample_weight, X),
        np.arange(X.shape[0]),
        X.shape[0],
        None,
        alpha=net.alpha,
    )
    return LBFGSObjective(trainer, network)(packed)
