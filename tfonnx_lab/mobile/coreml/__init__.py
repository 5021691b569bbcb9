"""ONNX Runtime's CoreML provider: its rules as a table, and its answer about a model."""

from tfonnx_lab.mobile.coreml.provider import coreml

__all__ = ["coreml"]
