"""The packages of the extra ``sknn[onnx]``, imported when they are used."""

from importlib import import_module


def import_extra(name, caller):
    """A package of the extra, or an error that says how to get it.

    Parameters
    ----------
    name : str
        Of the package or of one of its modules.
    caller : str
        What needs it, for the message.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f'{caller} needs {package}; python -m pip install "sknn[onnx]" brings it.'
        ) from error
