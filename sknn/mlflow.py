"""MLflow's autologging for sknn's estimators, by the extra ``sknn[mlflow]``."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import sknn
from sknn._extra import import_extra


def autolog(**options: Any) -> None:
    """Let MLflow log every fit, of scikit-learn's estimators and of sknn's.

    ``mlflow.sklearn.autolog`` knows the estimators that come with scikit-learn only. This calls it with sknn's
    beside them: parameters, training metrics and the model are logged in the same way.

    Parameters
    ----------
    **options : dict
        Those of ``mlflow.sklearn.autolog``. Models are logged in cloudpickle's format, unless
        `serialization_format` says otherwise.

    Raises
    ------
    ImportError
        Without MLflow.
    RuntimeError
        If this version of MLflow finds its estimators in another way.

    Examples
    --------
    Every fit after this is a run, until ``sknn.mlflow.autolog(disable=True)``::

        sknn.mlflow.autolog(log_models=False)
        MLPClassifier().fit(X, y)
    """
    mlflow_sklearn = import_extra("mlflow.sklearn", "sknn.mlflow.autolog", "mlflow")
    utils = import_extra("mlflow.sklearn.utils", "sknn.mlflow.autolog", "mlflow")
    with _known_estimators(utils):
        mlflow_sklearn.autolog(**options)


@contextmanager
def _known_estimators(utils: ModuleType) -> Iterator[None]:
    """In this context MLflow's list of estimators has sknn's, too."""
    find = getattr(utils, "_all_estimators", None)
    if find is None:
        raise RuntimeError(
            "this version of MLflow does not list the estimators it logs where sknn.mlflow looks for them; use "
            "mlflow.log_params(model.get_params()) and mlflow.sklearn.log_model(model)."
        )
    public = [(name, getattr(sknn, name)) for name in sknn.__all__]
    own = [(name, item) for name, item in public if isinstance(item, type)]
    utils._all_estimators = lambda: [*find(), *own]  # type: ignore[attr-defined]
    try:
        yield
    finally:
        utils._all_estimators = find  # type: ignore[attr-defined]
