"""Fitted estimators as ONNX models, pipelines by skl2onnx, and the way back."""

from sknn.onnx.export import to_onnx

__all__ = ["to_onnx"]
