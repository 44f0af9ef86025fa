"""Fitted estimators as ONNX models, pipelines by skl2onnx, and the way back."""

from sknn.onnx.export import to_onnx
from sknn.onnx.load import from_onnx
from sknn.onnx.pipelines import register

__all__ = ["from_onnx", "register", "to_onnx"]
