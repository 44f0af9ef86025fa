"""Packages that only an extra brings, imported when they are used."""

from importlib import import_module
from types import ModuleType


def import_extra(name: str, caller: str, extra: str) -> ModuleType:
    """A package of an extra, or an error that says how to get it.

    Parameters
    ----------
    name : str
        Of the package or of one of its modules.
    caller : str
        What needs it, for the message.
    extra : str
        The extra that brings it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f'{caller} needs {package}; python -m pip install "sknn[{extra}]" brings it.'
        ) from error
