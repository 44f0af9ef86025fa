"""These tests need the extra ``sknn[onnx]`` and onnxruntime."""

import pytest

pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

#: what runs in another interpreter
collect_ignore = ["torch_networks.py"]
