"""ONNX Runtime: who computes each op, on integers or in float, and why."""

from __future__ import annotations

from typing import Any, Literal

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import ORIGIN, all_nodes
from tfonnx_lab.runtime import Group, runtime_report
from tfonnx_lab.widgets.view import View


class RuntimeView(View):
    """Every op beside the kernel that ONNX Runtime made of it.

    result: a Conversion, or what `convert` takes.
    target: for which machine (default: that of the conversion).
    A click sets `selection`.
    """

    KIND = "runtime"

    def __init__(
        self, result: Any, target: Literal["x86_64", "arm64", "portable"] | None = None, **traits: Any
    ) -> None:
        self._target = target
        result = converted(result)
        super().__init__(kernels(result, target), source=result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The kernels of another conversion."""
        return kernels(result, self._target)


def places_of(result: Conversion) -> dict[str, int]:
    """Name of a node of the result => the op that it came from."""
    return {n.name: min(n.meta[ORIGIN]) for n in all_nodes(result.ir_model.graph) if n.name and n.meta.get(ORIGIN)}


def origin_of(group: Group, places: dict[str, int]) -> int | None:
    """The op that a group came from: as the file says, or else by the name of its node."""
    return group.origin[0] if group.origin else places.get(group.name)


def kernels(result: Conversion, target: Literal["x86_64", "arm64", "portable"] | None = None) -> dict[str, Any]:
    """One row a group of nodes that became one kernel."""
    report = runtime_report(result.model, target or result.options.target)
    places = places_of(result)
    groups = sorted(report.groups, key=lambda g: not (g.quantized and not g.integer))  # islands first, else in order
    rows = [
        {
            "on": g.on,
            "op": g.op,
            "kernel": g.kernel or "(merged)",
            "why": g.reason,
            "quantization": g.quantization,
            "name": g.name,
            "layer": result.layers.text(g.origin),
            "far": g.quantized and not g.integer,
            "status": "island" if g.quantized and not g.integer else g.on or "other",
            "origin": origin_of(g, places),
        }
        for g in groups
    ]
    share = report.fused_share
    head = report.share if share is None else f"{share:.0%} of the quantized groups run on integers"
    count = sum(bool(row["far"]) for row in rows)
    head += "" if share is None else f", {count} float island{'' if count == 1 else 's'}"
    return {
        "title": f"ONNX Runtime, {report.target}: {head}",
        "columns": [
            {"key": "on", "title": "computes on", "hint": "a float island turns codes into reals and back to codes"},
            {"key": "op", "title": "ONNX op", "hint": "the op in the file"},
            {"key": "why", "title": "why it stayed float", "hint": "why ONNX Runtime has no integer kernel for it"},
            {"key": "kernel", "title": "kernel", "hint": "what ONNX Runtime runs in its place"},
            {"key": "quantization", "title": "quantization", "hint": "of its quantized inputs and outputs"},
            {"key": "name", "title": "node", "hint": "its name in the file"},
            *([{"key": "layer", "title": "layer", "hint": "of the Keras model"}] if result.layers.exact else []),
        ],
        "rows": rows,
        "bars": [{"name": name, "value": n} for name, n in report.kernels.most_common()],
    }
