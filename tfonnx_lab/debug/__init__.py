"""Finding and repairing a handler that fails or is wrong: one op cut out, the first op that is off, a second try."""

from tfonnx_lab.debug.bisection import bisect
from tfonnx_lab.debug.changes import Changes, OpChange, changes_of
from tfonnx_lab.debug.finding import Finding, Probe
from tfonnx_lab.debug.isolation import Isolated, isolate
from tfonnx_lab.debug.repair import retry, tried_again
from tfonnx_lab.debug.skeleton import skeleton

__all__ = [
    "Changes",
    "Finding",
    "Isolated",
    "OpChange",
    "Probe",
    "bisect",
    "changes_of",
    "isolate",
    "retry",
    "skeleton",
    "tried_again",
]
