"""ONNX Runtime's XNNPACK provider: its rules as a table, and its answer about a model."""

from tfonnx_lab.mobile.xnnpack.provider import xnnpack

__all__ = ["xnnpack"]
