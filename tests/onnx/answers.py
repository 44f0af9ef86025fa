"""What onnxruntime says about a model, and fitted networks of any layers."""

import numpy as np

from sknn import CNNClassifier, CNNRegressor
from sknn.layers import Flatten

#: how far answers may be from those of an estimator, by the largest of them
TOLERANCE = 1e-5


def answers(model, feeds):
    """The outputs of a ModelProto by their names."""
    import onnxruntime  # which may be absent

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def assert_same(found, expected):
    """Numbers within 1e-5 of the largest; labels without a difference."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    if expected.dtype.kind != "f":
        assert np.array_equal(found, expected)
        return
    assert np.isfinite(expected).all()
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max(initial=1.0)


def assert_predicts(out, estimator, X):
    """That answers are those of an estimator."""
    if not hasattr(estimator, "predict_proba"):
        assert_same(out["prediction"], estimator.predict(X))
        return
    assert np.array_equal(out["label"], estimator.predict(X))
    probabilities = estimator.predict_proba(X)
    if not isinstance(probabilities, list):
        assert_same(out["probabilities"], probabilities)
        return
    for number, expected in enumerate(probabilities):
        assert_same(out[f"probabilities_{number}"], expected)


def fitted(case, regressor=False):
    """(estimator, X) of a random network of :mod:`tests.engine.drawn_layers`, with random weights.

    A network on vectors is one on images of one row and one column, which are flattened.
    """
    on_images = len(case.shape) == 3
    shape = case.shape if on_images else (1, 1, *case.shape)
    net = (CNNRegressor if regressor else CNNClassifier)(
        layers=case.layers if on_images else [Flatten(), *case.layers],
        hidden_layer_sizes=(),
        activation=case.activation,
        image_shape=shape,
        standardize=False,
        random_state=0,
    )
    rng = np.random.default_rng(case.seed)
    X = rng.standard_normal((case.n, *shape)).astype(np.float32)
    net.initialize(np.zeros((3, *shape)), [1, 2, 3])
    n_biased = iter(net._family.network(net, np.dtype(np.float32)).plan.parameters)
    arrays = [rng.standard_normal(W.shape) / np.sqrt(max(W[..., 0].size, 1)) for W in net.coefs_]
    arrays = [W + (W.ndim == 1) for W in arrays]  # factors of a norm
    arrays += [p.biased * rng.standard_normal(p.n_out) / 2 for p in n_biased]
    arrays += [rng.standard_normal(mean.shape) for mean in net.batch_means_]
    arrays += [0.5 + rng.random(variance.shape) for variance in net.batch_variances_]
    return net.set_weights(arrays), X
