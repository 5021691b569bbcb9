"""The trace: every step of a conversion, in order and reversible. The file format is described in docs/trace.md."""

from tfonnx_lab.trace.edits import EDITS, Edit, Erase, Insert, Retype, SetInput, SetOutput
from tfonnx_lab.trace.load import load_trace
from tfonnx_lab.trace.recorder import Recorder
from tfonnx_lab.trace.replay import Replay
from tfonnx_lab.trace.resume import Resumed
from tfonnx_lab.trace.touched import touched
from tfonnx_lab.trace.trace import Step, Trace

__all__ = [
    "EDITS",
    "Edit",
    "Erase",
    "Insert",
    "Recorder",
    "Replay",
    "Resumed",
    "Retype",
    "SetInput",
    "SetOutput",
    "Step",
    "Trace",
    "load_trace",
    "touched",
]
