"""Converters for skl2onnx, so that pipelines may end with an estimator of sknn."""

import numpy as np

import sknn
from sknn._extra import import_extra
from sknn.onnx.estimators import inputs_of, write_model
from sknn.onnx.graph import ML_DOMAIN, ML_OPSET, N_SAMPLES, OPSET, Graph, Tensor, element_type
from sknn.onnx.outputs import Output
from sknn.targets.labels import Labels

#: options of skl2onnx for classifiers of one column of classes
CLASSIFIER_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register() -> None:
    """Register the estimators of sknn with skl2onnx.

    After this, ``skl2onnx.to_onnx`` converts pipelines with an estimator of sknn in any place where it converts one
    of scikit-learn: after scalers and encoders, a `ColumnTransformer`, in a search, a stack or a vote.

    Its conventions hold: options such as ``zipmap``, and the output "variable", of shape (n, 1) or (n, n_outputs),
    of a regressor. Classifiers of several labels or columns of classes have the outputs of `to_onnx`. Images come in as
    flat samples (n, n_features). A tabular estimator takes one matrix, or one input for each feature.

    Raises
    ------
    ImportError
        Where the package skl2onnx is absent.

    See Also
    --------
    to_onnx : Single estimators, with onnx alone.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknn import MLPClassifier
    >>> import skl2onnx
    >>> import sknn.onnx
    >>> sknn.onnx.register()
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), MLPClassifier(random_state=0)).fit(X, y)
    >>> model = skl2onnx.to_onnx(pipeline, X[:1].astype("float32"), options={"zipmap": False})
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities']
    """
    skl2onnx = import_extra("skl2onnx", "register", "onnx")
    for name in sknn.__all__:
        estimator = getattr(sknn, name)
        if isinstance(estimator, type):
            skl2onnx.update_registered_converter(
                estimator,
                f"Sknn{name}",
                _set_output_types,
                _convert,
                parser=_parse,
                options=CLASSIFIER_OPTIONS if hasattr(estimator, "predict_proba") else None,
            )


def _has_probabilities(model):
    """Whether a model is what skl2onnx takes for a classifier: one column of classes, with probabilities."""
    targets = model._targets() if hasattr(model, "_targets") else None
    return isinstance(targets, Labels) and targets.kind in {"binary", "multiclass"}


def _parse(scope, model, inputs, custom_parsers=None):
    """The outputs of an estimator in a graph of skl2onnx, whose types are not yet known."""
    parsing = import_extra("skl2onnx._parse", "register", "onnx")
    if _has_probabilities(model):
        return parsing._parse_sklearn_classifier(scope, model, inputs, custom_parsers)
    operator = scope.declare_local_operator(f"Sknn{_public_class(model).__name__}", model)
    operator.inputs = inputs
    for _, tensor in _written(operator, Graph()):
        operator.outputs.append(scope.declare_local_variable(tensor.name, _type_of(tensor)))
    return operator.outputs


def _public_class(model):
    """The registered class of a model."""
    return next(cls for cls in type(model).__mro__ if cls.__name__ in sknn.__all__)


def _set_output_types(operator):
    for variable, (_, tensor) in zip(operator.outputs, _written(operator, Graph()), strict=True):
        variable.set_type(_type_of(tensor))


def _convert(scope, operator, container):
    """Nodes and constants of an estimator, in a graph of skl2onnx."""
    if container.target_opset < OPSET:
        raise ValueError(
            f"target_opset={container.target_opset} is too old for the estimators of sknn; give {OPSET} or more."
        )
    graph = Graph(prefix=scope.get_unique_variable_name("sknn") + "_")
    outputs = _written(operator, graph)
    for variable, (value, _) in zip(operator.outputs, outputs, strict=True):
        graph.name(value, variable.full_name)
    for name, values in graph.constants.items():
        content = values.ravel().tolist() if values.dtype.kind in "UO" else values.ravel()
        container.add_initializer(name, element_type(values.dtype), values.shape, content)
    versions = {"": OPSET, ML_DOMAIN: ML_OPSET}
    for node in graph.nodes:
        container.add_node(
            node.op,
            node.inputs,
            node.outputs,
            op_domain=node.domain,
            op_version=versions[node.domain],
            name=scope.get_unique_operator_name(node.op),
            **node.attributes,
        )


def _written(operator, graph):
    """The outputs of an operator's estimator, after it is written to a graph."""
    model = operator.raw_operator
    outputs = write_model(model, graph, _inputs(operator, model))
    return [_as_variable(graph, output) for output in outputs]


def _as_variable(graph, output):
    """An output by skl2onnx's conventions: booleans are integers, regressors have a column for each target."""
    value, tensor = output
    if tensor.dtype == bool:
        return Output(graph.cast(value, np.int64), tensor._replace(dtype=np.dtype(np.int64)))
    if tensor.name == "prediction":
        shape = tensor.shape if len(tensor.shape) == 2 else (N_SAMPLES, 1)
        value = graph.reshape(value, [-1, shape[1]])
        return Output(value, tensor._replace(name="variable", shape=shape))
    return output


def _inputs(operator, model):
    """The inputs of an operator as those of its estimator."""
    wanted, n_features = inputs_of(model), model.n_features_in_
    found = [_tensor_of(variable) for variable in operator.inputs]
    if len(found) == 1 and found[0].shape[1:] in ((n_features,), (N_SAMPLES,)):
        found = [found[0]._replace(shape=(N_SAMPLES, n_features))]
        wanted = wanted[:1] if len({tensor.dtype for tensor in wanted}) == 1 else wanted
    by_name = {
        variable.raw_name: tensor for variable, tensor in zip(operator.inputs, found, strict=True)
    }
    if by_name.keys() == {tensor.name for tensor in wanted}:
        found = [by_name[tensor.name] for tensor in wanted]
    if len(found) != len(wanted):
        raise ValueError(
            f"{type(model).__name__} takes {_in_words(wanted, n_features)}; got {len(found)} of the shapes "
            f"{[tensor.shape for tensor in found]}."
        )
    for given, tensor in zip(found, wanted, strict=True):
        if (given.dtype == object) != (tensor.dtype == object):
            kinds = ["strings" if one.dtype == object else "numbers" for one in (given, tensor)]
            raise TypeError(f"The input {given.name!r} holds {kinds[0]}, but {kinds[1]} in fit.")
    return found


def _in_words(wanted, n_features):
    """What inputs an estimator takes."""
    matrix = f"one matrix of {n_features} features"
    if len(wanted) == 1:
        return matrix
    several = f"{len(wanted)} inputs of the shape (n, 1)"
    mixed = len({tensor.dtype for tensor in wanted}) > 1
    return several if mixed else f"{matrix}, or {several}"


def _tensor_of(variable):
    """An input of skl2onnx as a Tensor."""
    types = import_extra("skl2onnx.common.data_types", "register", "onnx")
    dtypes = {
        types.FloatTensorType: np.float32,
        types.DoubleTensorType: np.float64,
        types.Int64TensorType: np.int64,
        types.BooleanTensorType: bool,
        types.StringTensorType: object,
    }
    dtype = dtypes.get(type(variable.type))
    if dtype is None:
        raise TypeError(
            f"the input {variable.full_name!r} has the type {variable.type}; give float, double, int64, bool or string."
        )
    shape = tuple(N_SAMPLES if size is None else size for size in variable.type.shape)
    return Tensor(variable.full_name, np.dtype(dtype), shape)


def _type_of(tensor):
    """The type of skl2onnx for an output."""
    types = import_extra("skl2onnx.common.data_types", "register", "onnx")
    by_kind = {
        "f": types.DoubleTensorType if tensor.dtype == np.float64 else types.FloatTensorType,
        "i": types.Int64TensorType,
        "b": types.BooleanTensorType,
        "O": types.StringTensorType,
    }
    return by_kind[tensor.dtype.kind]([None, *tensor.shape[1:]])
