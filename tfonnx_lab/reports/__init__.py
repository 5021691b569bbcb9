"""A conversion on one page: text, HTML, JSON."""

from tfonnx_lab.reports.report import Report, report

__all__ = ["Report", "report"]
