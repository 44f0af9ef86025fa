"""From fitted estimators to models of ONNX."""

from typing import Any

from sklearn.base import BaseEstimator

from sknn._state import on_snapshot
from sknn.onnx.estimators import inputs_of, not_known, write_model
from sknn.onnx.graph import Graph


def to_onnx(model: Any, *, input_dtype: Any = None) -> Any:
    """Convert a fitted estimator to ONNX.

    The graph holds all that `predict` and `predict_proba` do: the standardization of images, the encoding of
    numerical features, categories and missing values, every member of an ensemble, the temperature, the classes. It
    computes in float32, is written for opset 17 (onnxruntime 1.12 or newer) and takes any number of samples.

    Parameters
    ----------
    model : estimator
        A fitted estimator of sknn. For pipelines see `register`.
    input_dtype : dtype or None, default=None
        Of numbers in the input, such as "uint8" for images. None is "float32", and "float64" for tabular estimators
        and single neurons, which compare numbers with thresholds.

    Returns
    -------
    model : onnx.ModelProto
        Checked by ``onnx.checker``; ``onnx.save(model, "net.onnx")`` stores it. Its inputs and outputs:

        - "X", of shape (n, n_features); for networks on images (n, h, w, c), with ``channels_first=True``
          (n, c, h, w).
        - For tabular estimators fitted on a data frame, or with strings for categories, one input of shape (n, 1) for
          each feature, by its name, "x0", "x1" and so on without one. A missing number is NaN. Categories are strings
          or numbers (booleans 0 and 1); any other value is a missing category.
        - Classifiers: "label" and "probabilities" as `predict` and `predict_proba` return them; for several columns of
          classes "probabilities_0" and so on. `PerceptronClassifier` has "label" and "decision",
          `McCullochPittsNeuron` has "label".
        - Regressors: "prediction".

    Raises
    ------
    ImportError
        Where the package onnx is absent.
    NotFittedError
        Where the estimator is not fitted.
    TypeError
        Where `model` is no estimator of sknn.
    ValueError
        With layers of a class of your own, classes or categories that are neither strings nor numbers, an `input_dtype`
        that holds no numbers, and weights beyond the range of float32.

    See Also
    --------
    register : Pipelines, by skl2onnx.
    from_onnx : The way back.

    Examples
    --------
    >>> import onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.onnx import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(random_state=0).fit(X, y)
    >>> model = to_onnx(net)
    >>> session = onnxruntime.InferenceSession(model.SerializeToString())
    >>> label, probabilities = session.run(None, {"X": X[:2].astype("float32")})
    >>> label.tolist()
    [0, 0]
    >>> probabilities.shape
    (2, 3)
    """
    if not isinstance(model, BaseEstimator):
        raise not_known(model)
    return _converted(model, input_dtype)


@on_snapshot
def _converted(model, input_dtype):
    inputs = inputs_of(model, input_dtype)
    names = {tensor.name for tensor in inputs}
    graph = Graph(taken=frozenset(names))
    outputs = write_model(model, graph, inputs)
    for value, tensor in outputs:
        if tensor.name in names:
            raise ValueError(
                f"Column {tensor.name!r} has the name of an output; rename it before fit."
            )
        graph.name(value, tensor.name)
    return graph.model(inputs, [tensor for _, tensor in outputs])
