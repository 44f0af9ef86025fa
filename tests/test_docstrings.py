"""Docstrings of everything public are what numpydoc asks for, by the rules of scikit-learn."""

import importlib
import inspect

import pytest

validation = pytest.importorskip("numpydoc.validate")

MODULES = (
    *("sknn", "sknn.layers", "sknn.optimizers", "sknn.schedules", "sknn.initializers"),
    *(
        "sknn.augmentation",
        "sknn.teaching.filtering",
        "sknn.displays",
        "sknn.comparison",
        "sknn.presets",
    ),
    *("sknn.teaching.decoding", "sknn.network.sliding_window", "sknn.onnx"),
    *("sknn.dask", "sknn.streams"),
)
#: the summary may follow the quotes, and the returned value may have a name
IGNORED = {"GL01", "GL02", "RT02"}
#: only classes need an extended summary, See Also and Examples
OF_CLASSES = {"ES01", "SA01", "EX01"}


def public_objects():
    """Paths of all public classes, their methods and properties, and functions."""
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", vars(module)):
            item = getattr(module, name)
            own = getattr(item, "__module__", "").startswith(module_name)
            if name.startswith("_") or not own:
                continue
            if inspect.isfunction(item) or inspect.isclass(item):
                yield f"{module_name}.{name}"
            if inspect.isclass(item):
                yield from (
                    f"{module_name}.{name}.{member}"
                    for member in dir(item)
                    if not member.startswith("_") and is_documented(item, member)
                )


def is_documented(cls, name):
    """Whether this is a method or a property; one that a base class documents is there."""
    member = inspect.getattr_static(cls, name)
    if not (isinstance(member, property) or callable(getattr(cls, name))):
        return False
    owner = next(base for base in cls.__mro__ if name in vars(base))
    inherited = any(hasattr(base, name) for base in owner.__mro__[1:])
    return bool(getattr(cls, name).__doc__) or not inherited


@pytest.mark.parametrize("module_name", MODULES)
def test_docstrings(module_name):
    wrong = {}
    for path in public_objects():
        if path.rpartition(".")[0] != module_name and path.rsplit(".", 2)[0] != module_name:
            continue
        result = validation.validate(path)
        ignored = IGNORED if result["type"] == "type" else IGNORED | OF_CLASSES
        errors = [f"{code}: {text}" for code, text in result["errors"] if code not in ignored]
        if errors:
            wrong[path] = errors
    assert not wrong
