"""Docstrings of optional parts are tested where the extra that they need is installed."""

from importlib.util import find_spec

ONNX = ("onnx", "onnxruntime", "skl2onnx")
collect_ignore = [] if all(map(find_spec, ONNX)) else ["sknn/onnx", "docs/guide/onnx.rst"]
