"""Docstrings of optional parts are tested where the extra that they need is installed."""

from importlib.util import find_spec

EXTRAS = {
    ("matplotlib",): ["sknn/displays"],
    ("onnx", "onnxruntime", "skl2onnx"): ["sknn/onnx", "docs/guide/onnx.rst"],
    ("optuna",): ["sknn/optuna.py"],
    ("dask", "distributed", "pandas", "pyarrow"): ["sknn/dask", "docs/guide/distributed.rst"],
}
collect_ignore = [
    path
    for packages, paths in EXTRAS.items()
    if not all(map(find_spec, packages))
    for path in paths
]
