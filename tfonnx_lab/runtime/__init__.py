"""What ONNX Runtime makes of a converted model: which groups became integer kernels, and why others did not."""

from tfonnx_lab.runtime.groups import Group, RuntimeReport, runtime_report
from tfonnx_lab.runtime.sessions import OnnxRuntime
from tfonnx_lab.runtime.stage import runtime_trace

__all__ = ["Group", "OnnxRuntime", "RuntimeReport", "runtime_report", "runtime_trace"]
