"""What ONNX Runtime makes of a converted model: which groups became integer kernels, and why others did not."""

from tfonnx_lab.runtime.groups import Group, RuntimeReport, runtime_report
from tfonnx_lab.runtime.report import Report, report

__all__ = ["Group", "Report", "RuntimeReport", "report", "runtime_report"]
