"""A trace made by hand with every kind of edit, around subgraphs."""

from __future__ import annotations

import json
from typing import Any

import tfonnx_lab as lab
from tfonnx_lab.trace import Trace


def subgraphs() -> Trace:
    """Every edit there is, around subgraphs: one made, one handed over, one whose holder is erased, one set as an
    attribute."""

    def value(number: int) -> dict[str, Any]:
        return {"id": number, "name": f"v{number}", "dtype": "FLOAT", "shape": [1], "quant": None, "const": None}

    def op(number: int, kind: str, ins: list[int], out: int, **attrs: Any) -> dict[str, Any]:
        return {"id": number, "domain": "", "op": kind, "name": f"n{number}", "attrs": attrs, "in": ins, "out": [out],
        "origin": [0]}  # fmt: skip

    def graph(number: int, owner: int | None, ins: list[int], outs: list[int], nodes: list[int]) -> dict[str, Any]:
        return {"id": number, "name": f"g{number}", "owner": owner, "inputs": ins, "outputs": outs, "nodes": nodes}

    start = {
        "graphs": [graph(0, None, [100], [101], [10]), graph(1, 10, [], [103], [11, 12])],
        "nodes": [op(10, "IF", [100], 101, body={"graph": 1}), op(11, "A", [100], 102), op(12, "B", [102], 103)],
        "values": [value(v) for v in range(100, 104)],
    }
    steps: list[list[Any]] = [
        [["constant", value(150)], ["graph", graph(2, None, [], [], []), []], ["attr", 12, "alpha", 1.5]],
        [
            ["insert", 2, None, op(13, "C", [150], 104), [value(104)]],
            ["outputs", 2, [104]],
            ["insert", 0, 10, op(14, "If", [100], 105, then={"graph": 1}, other=[{"graph": 2}]), [value(105)]],
        ],
        [["output", 0, 0, 105], ["erase", 10], ["retype", 105, {"shape": [2], "name": "w"}], ["attr", 14, "other",
        None]],
        [["inputs", 0, [100, 106], [value(106)]], ["insert", 0, 14, op(15, "D", [106], 107), [value(107)]],
         ["output", 0, 0, 107], ["erase", 14]],
        [["insert", 0, None, op(16, "E", [107], 108), [value(108)]], ["attr", 16, "body", {"graph": 2}],
         ["input", 16, 0, 106]],
        [["attr", 16, "body", {"graph": 1}]],
    ]  # fmt: skip
    record: dict[str, Any] = {
        "rule": None,
        "root": None,
        "bind": {},
        "origin": [],
        "note": "",
        "ms": 0.0,
        "error": None,
    }
    lines: list[Any] = [{"header": {"version": 1, "name": "s", "stages": []}}, {"start": start}]
    lines += [{"step": {**record, "i": i, "edits": edits}} for i, edits in enumerate(steps)]
    return lab.load_trace(json.dumps(line) for line in lines)
