"""Traces made by hand: as long as wanted, with every kind of edit, and with names that try to be more than text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

HOSTILE = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>'
QUANT = {"scale": [0.0235], "zero_point": [-128], "axis": None, "size": 1}


class Synthetic:
    """A chain of convolutions that is converted op by op: two steps an op, then one failure and one whole-graph
    pass."""

    def __init__(self, steps: int = 12, hostile: bool = False) -> None:
        self.ops = max(1, (steps - 2) // 2)
        self.name = HOSTILE if hostile else "synthetic.tflite"
        self.mark = HOSTILE if hostile else "conv"
        self.next = 10_000

    def lines(self) -> Iterator[str]:
        """The lines of the trace."""
        for key, record in self.records():
            yield json.dumps({key: record})

    def records(self) -> Iterator[tuple[str, Any]]:
        """The records of the trace, in order."""
        stages = ["rewriters", "handlers", "optimizers"]
        yield "header", {"version": 1, "name": self.name, "opset": 18, "options": {}, "stages": stages}
        yield "start", self.start()
        yield (
            "rule",
            rule(
                0, "rewriters", "split_activation", {"op": "tflite::CONV_2D", "name": "node", "attrs": {}, "in": None}
            ),
        )
        yield (
            "rule",
            rule(
                1, "handlers", "conv_2d", {"op": "tflite::CONV_2D", "name": "node", "attrs": {}, "in": [{"var": "x"}]}
            ),
        )
        yield "rule", rule(2, "optimizers", "whole_graph", None)
        index = 0
        for op in range(self.ops):
            yield "step", step(index, 0, self.node(op), self.split(op))
            index += 1
        yield "miss", {"step": index, "rule": 1, "node": self.node(0), "why": "its weights are not constant"}
        for op in range(self.ops):
            yield "step", step(index, 1, self.split_node(op), self.convert(op))
            index += 1
        error = {"type": "KeyError", "message": f"no {self.mark}", "traceback": "Traceback ..."}
        yield "step", step(index, 1, self.relu_node(0), [], error)
        yield "step", step(index + 1, 2, None, [["attr", self.relu_node(op), "alpha", 1] for op in range(self.ops)])
        yield "end", {"status": "failed", "nodes": 2 * self.ops, "ms": 1.0}

    def start(self) -> dict[str, Any]:
        """A chain of CONV_2D."""
        values = [value(self.value(op), f"{self.mark}_{op}:0") for op in range(-1, self.ops)]
        weights = [value(self.weight(op), f"w_{op}", shape=[8, 3, 3, 8], const=True) for op in range(self.ops)]
        nodes = [
            node(
                self.node(op),
                "tflite",
                "CONV_2D",
                f"{self.mark}_{op}",
                [self.value(op - 1), self.weight(op)],
                [self.value(op)],
                [op],
            )
            for op in range(self.ops)
        ]
        graph = {
            "id": 0,
            "name": "main",
            "owner": None,
            "inputs": [self.value(-1)],
            "outputs": [self.value(self.ops - 1)],
            "nodes": [n["id"] for n in nodes],
        }
        return {"graphs": [graph], "nodes": nodes, "values": values + weights}

    def split(self, op: int) -> list[Any]:
        """CONV_2D => CONV_2D, RELU6."""
        inner, outer = self.split_value(op), self.relu_value(op)
        conv = node(
            self.split_node(op),
            "tflite",
            "CONV_2D",
            f"{self.mark}_{op}/linear",
            [self.input(op), self.weight(op)],
            [inner],
            [op],
        )
        relu = node(self.relu_node(op), "tflite", "RELU6", f"{self.mark}_{op}/relu", [inner], [outer], [op])
        uses = [["input", self.node(op + 1), 0, outer]] if op + 1 < self.ops else [["output", 0, 0, outer]]
        return [
            ["insert", 0, self.node(op), conv, [value(inner, f"{self.mark}_{op}/linear:0")]],
            ["insert", 0, self.node(op), relu, [value(outer, f"{self.mark}_{op}:0")]],
            *uses,
            ["erase", self.node(op)],
        ]

    def convert(self, op: int) -> list[Any]:
        """CONV_2D => Transpose, Conv."""
        moved, out = 7 * 100_000 + op, 8 * 100_000 + op
        turn = node(
            5 * 100_000 + op,
            "",
            "Transpose",
            f"{self.mark}_{op}/t",
            [self.input(op)],
            [moved],
            [op],
            {"perm": [0, 3, 1, 2]},
        )
        conv = node(6 * 100_000 + op, "", "Conv", f"{self.mark}_{op}", [moved, self.weight(op)], [out], [op])
        old = self.split_node(op)
        return [
            ["insert", 0, old, turn, [value(moved, f"{self.mark}_{op}/t:0", shape=[1, 8, 16, 16])]],
            ["insert", 0, old, conv, [value(out, f"{self.mark}_{op}/c:0")]],
            ["input", self.relu_node(op), 0, out],
            ["erase", old],
            ["retype", out, {"dtype": "FLOAT", "quant": None}],
        ]

    def input(self, op: int) -> int:
        """What the op reads, once the ones before are split."""
        return self.value(-1) if op == 0 else self.relu_value(op - 1)

    def node(self, op: int) -> int:
        return 1000 + op

    def value(self, op: int) -> int:
        return 100_000 + op + 1

    def weight(self, op: int) -> int:
        return 200_000 + op

    def split_node(self, op: int) -> int:
        return 300_000 + op

    def relu_node(self, op: int) -> int:
        return 400_000 + op

    def split_value(self, op: int) -> int:
        return 910_000 + op

    def relu_value(self, op: int) -> int:
        return 920_000 + op


def node(
    number: int, domain: str, op: str, name: str, ins: list[int], outs: list[int], origin: list[int], attrs: Any = None
) -> dict[str, Any]:
    return {
        "id": number,
        "domain": domain,
        "op": op,
        "name": name,
        "attrs": attrs or {},
        "in": ins,
        "out": outs,
        "origin": origin,
    }


def value(number: int, name: str, shape: list[int] | None = None, const: bool = False) -> dict[str, Any]:
    held = {"hash": "9f", "min": -1.0, "max": 1.0, "bytes": 576} if const else None
    return {
        "id": number,
        "name": name,
        "dtype": "INT8",
        "shape": shape or [1, 16, 16, 8],
        "quant": QUANT,
        "const": held,
    }


def rule(number: int, stage: str, name: str, pattern: Any) -> dict[str, Any]:
    source = f"@rule\ndef {name}(op, node, x):\n    return op.Relu(x)\n"
    doc = f"CONV_2D => what {name} makes of it."
    return {
        "id": number,
        "stage": stage,
        "name": name,
        "doc": doc,
        "file": "synthetic.py",
        "line": 1,
        "source": source,
        "pattern": pattern,
    }


def step(index: int, rule: int, root: int | None, edits: list[Any], error: Any = None) -> dict[str, Any]:
    bind = {} if root is None else {"node": {"node": root}}
    return {
        "i": index,
        "rule": rule,
        "root": root,
        "bind": bind,
        "origin": [0],
        "note": "",
        "ms": 0.1,
        "edits": edits,
        "error": error,
    }
