"""Finding and repairing a handler that fails or is wrong: one op cut out, the first op that is off, a second try."""

from tfonnx_lab.debug.bisection import Finding, bisect
from tfonnx_lab.debug.isolation import Isolated, isolate
from tfonnx_lab.debug.repair import retry

__all__ = ["Finding", "Isolated", "bisect", "isolate", "retry"]
