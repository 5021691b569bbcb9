"""LiteRT, the reference, in a process of its own: running a model, its inputs, cutting a model into parts."""

from tfonnx_lab.litert.inputs import default_inputs, random_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source

__all__ = ["LiteRT", "converted_source", "default_inputs", "random_inputs"]
