"""Finding and repairing a handler that fails or is wrong: one op cut out, the first op that is off, a second try."""

from tfonnx_lab.debug.bisection import bisect
from tfonnx_lab.debug.changes import Changes, OpChange
from tfonnx_lab.debug.finding import Finding, Probe
from tfonnx_lab.debug.isolation import Isolated, isolate
from tfonnx_lab.debug.kernels import OpParity, OpsParity, compare_ops
from tfonnx_lab.debug.repair import retry, tried_again
from tfonnx_lab.debug.skeleton import skeleton

__all__ = [
    "Changes",
    "Finding",
    "Isolated",
    "OpChange",
    "OpParity",
    "OpsParity",
    "Probe",
    "bisect",
    "compare_ops",
    "isolate",
    "retry",
    "skeleton",
    "tried_again",
]
