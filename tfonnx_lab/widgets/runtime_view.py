"""ONNX Runtime: who computes each op, on integers or in float, and why."""

from __future__ import annotations

from typing import Any, Literal

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.runtime import runtime_report
from tfonnx_lab.widgets.view import View


class RuntimeView(View):
    """Every op beside the kernel that ONNX Runtime made of it.

    result: a Conversion.
    target: for which machine (default: that of the conversion).
    A click sets `selection`.
    """

    KIND = "runtime"

    def __init__(
        self, result: Conversion, target: Literal["x86_64", "arm64", "portable"] | None = None, **traits: Any
    ) -> None:
        self._target = target
        super().__init__(kernels(result, target), source=result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The kernels of another conversion."""
        return kernels(result, self._target)


def kernels(result: Conversion, target: Literal["x86_64", "arm64", "portable"] | None = None) -> dict[str, Any]:
    """One row a group of nodes that became one kernel."""
    report = runtime_report(result.model, target or result.options.target)
    rows = [
        {
            "op": g.op,
            "kernel": g.kernel or "(merged)",
            "on": "integers" if g.integer else "float" if g.quantized else "",
            "why": g.reason,
            "quantization": g.quantization,
            "name": g.name,
            "layer": result.layers.text(g.origin),
            "far": g.quantized and not g.integer,
            "origin": g.origin[0] if g.origin else None,
        }
        for g in report.groups
    ]
    share = report.fused_share
    head = "no op stands between Q and DQ" if share is None else f"{share:.0%} of the quantized groups run on integers"
    return {
        "title": f"ONNX Runtime, {report.target}: {head}",
        "columns": [
            {"key": "op", "title": "ONNX op"},
            {"key": "kernel", "title": "kernel"},
            {"key": "on", "title": "computes on"},
            {"key": "why", "title": "why it stayed float"},
            {"key": "quantization", "title": "quantization"},
            {"key": "name", "title": "node"},
            *([{"key": "layer", "title": "layer"}] if result.layers.exact else []),
        ],
        "rows": rows,
        "bars": [{"name": name, "value": n} for name, n in report.kernels.most_common()],
    }
