"""What is known about a selection: the step that made a node, its TFLite op, its tensor's range and error."""

from __future__ import annotations

import math
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, code_range
from tfonnx_lab.parity import Parity
from tfonnx_lab.trace.summary import Summary
from tfonnx_lab.widgets._handlers import formula, handled, ops, plain

AROUND = {"QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape", "Cast", "Constant", "Identity"}
"""ONNX ops that stand around an op rather than for it."""


class Facts:
    """Answers about the ops and nodes of one conversion; quick, for it is asked at every click.

    brief: of the conversion.
    wide: of a trace that goes on after it, for example with ONNX Runtime's stage.
    """

    def __init__(self, brief: Summary, wide: Summary | None = None) -> None:
        self.brief = brief
        self.wide = wide or brief
        self.ops = ops(brief)
        self.parity: Parity | None = None
        self._left = brief.origins()
        self._touched = handled(brief)
        self._made = {number: step.i for step in self.wide.steps for number, _, _ in step.added}

    def main(self, op: int) -> int | None:
        """The node that stands for a TFLite op in the last graph: its ONNX node, or itself where it was not
        converted."""
        left = self._left.get(op, ())
        own = [k for k in left if self.brief.nodes[k]["op"] not in AROUND]
        return next(iter([*own, *left]), None)

    def origin(self, node: int | None) -> int | None:
        """The TFLite op that a node came from."""
        record = self.wide.nodes.get(node) if node is not None else None
        return int(record["origin"][0]) if record is not None and record["origin"] else None

    def maker(self, op: int, node: int | None = None) -> int | None:
        """The step that made a node (default: that stands for an op), else the last one that touched the op."""
        node = self.main(op) if node is None else node
        if node in self._made:
            return self._made[node]
        steps = self._touched.get(op, [])
        return steps[-1].i if steps else None

    def about(self, op: int | None, node: int | None) -> dict[str, Any]:
        """All of it as JSON; empty where nothing is selected."""
        record = self.ops.get(op) if op is not None else None
        if record is None or op is None:
            return {}
        chosen = node if node is not None and self.origin(node) == op else self.main(op)
        made = self.maker(op, chosen)
        step = None if made is None else self.wide.steps[made]
        return {
            "op": op,
            "type": record["op"],
            "name": record["name"],
            "node": None if chosen is None else self.node_text(chosen),
            "step": None if step is None else {"index": step.i, "rule": step.rule.get("name", "no handler")},
            "failed": step is not None and step.error is not None,
            "tensors": [self._tensor(v) for v in record["out"]][:4],
            "error": self._error(op),
        }

    def made_by(self, node: int) -> int | None:
        """The step that added a node; None for one of the start graph."""
        return self._made.get(node)

    def node_text(self, number: int) -> str:
        """Type and name of a node, and whether it is gone since."""
        node = self.wide.nodes[number]
        gone = "" if number in self.brief.live or number not in self.brief.nodes else " (deleted since)"
        return f"{node['op']} {node['name']}{gone}"

    def _tensor(self, number: int) -> str:
        """`INT8 [1, 8]  0.0235 * (q + 128): -128 to 127 is 0 to 6`."""
        value = self.brief.json(self.brief.values[number])
        shape = "unknown shape" if value["shape"] is None else value["shape"]
        text = f"{value['dtype']} {shape}"
        quant = value.get("quant")
        if not quant:
            return text
        text += f"  {formula(quant)}"
        dtype = ir.DataType[value["dtype"]]
        if quant["size"] > 1 or dtype not in (*EIGHT_BIT, ir.DataType.INT16):
            return text
        low, high = code_range(dtype)
        ends = [plain((code - quant["zero_point"][0]) * quant["scale"][0]) for code in (low, high)]
        return f"{text}: codes {low} to {high} are {ends[0]} to {ends[1]}"

    def _error(self, op: int) -> str | None:
        """The error of the worst tensor of an op; None where parity has not run."""
        if self.parity is None:
            return None
        rows = [row for row in self.parity.rows if row.position == op]
        if not rows:
            return "not compared: ONNX Runtime has no tensor like it"
        worst = max(rows, key=lambda row: row.relative)
        if worst.error == 0:
            return "none: equal to LiteRT's"
        steps = "" if worst.steps is None else f"{worst.steps:.3g} step{'' if worst.steps == 1 else 's'}, "
        share = f"{worst.relative:.2g}" if math.isfinite(worst.relative) else "infinitely much"
        return f"{steps}{worst.error:.3g} at most, {share} of its scale"
