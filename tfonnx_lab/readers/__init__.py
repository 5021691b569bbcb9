"""Readers: a model file to one graph in the `tflite` dialect."""

from tfonnx_lab.readers.tflite import read_tflite

__all__ = ["read_tflite"]
