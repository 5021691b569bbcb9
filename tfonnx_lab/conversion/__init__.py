"""A model in, plain data out: options, the pipeline of the three stages, its result, the file. It knows no room above it."""

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert
from tfonnx_lab.conversion.result import Conversion

__all__ = ["Conversion", "Options", "convert"]
