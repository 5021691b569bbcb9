"""The real ranges of a model's activations, and what was decided about the ReLU in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.trace import Insert, Retype, Trace

_CODES = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
_REFUSED = re.compile(r": no (RELU\w*), ")
_NUMBERED = re.compile(r"([\w-]*?[_-]\d+)(?=_|$)|([A-Za-z]+\d+)$")


@dataclass(frozen=True)
class Range:
    """The real range of a quantized activation: (qmin - zero_point) * scale to (qmax - zero_point) * scale.

    op: type of the TFLite op that makes it ("INPUT" for an input of the model).
    step: real distance of two codes, zero: the zero point, codes: the smallest and the largest code.
    activation: "RELU", "RELU6", "RELU_N1_TO_1" or empty.
    decision: whether it was "inferred", considered and "refused", or is "named" by the file.
    reason: why.
    """

    name: str
    op: str
    low: float
    high: float
    step: float
    zero: int
    codes: tuple[int, int]
    activation: str = ""
    decision: str = ""
    reason: str = ""

    def formula(self) -> str:
        """The mapping as people write it: `0.0235 * (q - 128)`."""
        shift = "q" if self.zero == 0 else f"(q - {self.zero})" if self.zero > 0 else f"(q + {-self.zero})"
        return f"{self.step:.4g} * {shift}"

    def text(self) -> str:
        """All of it in a line or two."""
        line = f"{self.op} {self.name.split(';')[0]}: {self.low:.4g} to {self.high:.5g} = {self.formula()}, "
        line += f"codes {self.codes[0]} to {self.codes[1]}"
        return f"{line}\n{self.activation} {self.decision}: {self.reason}" if self.decision else line


def ranges(result: Conversion) -> list[Range]:
    """The ranges of the quantized activations of the TFLite model, in graph order, each tensor once."""
    start = result.trace.start
    values = {v["id"]: v for v in start["values"]}
    main = start["graphs"][0]
    nodes = {n["id"]: n for n in start["nodes"]}
    made = [("INPUT", "NONE", v) for v in main["inputs"]]
    for n in (nodes[number] for number in main["nodes"]):
        made += [(n["op"], n["attrs"].get("fused_activation_function", "NONE"), v) for v in n["out"]]
    decisions = decided(result.trace)
    found = []
    for op, fused, number in made:
        value = values[number]
        quant = value["quant"]
        if quant is None or value["dtype"] not in _CODES or value["const"] is not None:
            continue
        low, high = codes = _CODES[value["dtype"]]
        scale, zero = float(quant["scale"][0]), int(quant["zero_point"][0])
        named = fused if fused.startswith("RELU") else op if op.startswith("RELU") else ""
        decision = (named, "named", "the file names it") if named else decisions.get(value["name"], ("", "", ""))
        found.append(
            Range(value["name"], op, (low - zero) * scale, (high - zero) * scale, scale, zero, codes, *decision)
        )
    return found


def decided(trace: Trace) -> dict[str, tuple[str, str, str]]:
    """Tensor name => (activation, decision, reason), where the dequantizing rewriter considered one."""
    found: dict[str, tuple[str, str, str]] = {}
    names = _names(trace)
    for miss in trace.misses:
        if trace.rules[miss["rule"]]["name"] == "infer_relu" and (considered := _REFUSED.search(miss["why"])):
            for name in names.get(miss["node"], ()):
                found[name] = considered[1], "refused", miss["why"]
    for step in trace:
        if step.rule.get("name") == "infer_relu" and step.root is not None:
            ops = [e.node["op"] for e in trace.recorded(step.i) if isinstance(e, Insert)]
            kinds = [op for op in ops if op.startswith("RELU")]
            for name in names.get(step.root, ()):
                found[name] = kinds[0], "inferred", step.note
    return found


def _names(trace: Trace) -> dict[int, list[str]]:
    """Node id => names of its outputs at the time it came in, and of what it replaced."""
    values = {v["id"]: v["name"] for v in trace.start["values"]}
    found = {n["id"]: [values[v] for v in n["out"]] for n in trace.start["nodes"]}
    holders: dict[str, list[list[str]]] = {}
    for names in found.values():
        for name in names:
            holders.setdefault(name, []).append(names)
    for step in trace:
        for edit in trace.recorded(step.i):
            if isinstance(edit, Insert):
                values.update({v["id"]: v["name"] for v in edit.outputs})
                mine = found[edit.node["id"]] = [values[v] for v in edit.node["out"]]
                for name in mine:
                    holders.setdefault(name, []).append(mine)
            elif isinstance(edit, Retype) and "name" in edit.changed:
                new = edit.changed["name"]
                for names in holders.get(values.get(edit.value, ""), []):
                    names.append(new)
                    holders.setdefault(new, []).append(names)
                values[edit.value] = new
    return found


def blocks(rows: Sequence[Range]) -> list[tuple[str, int, int]]:
    """(name, first, behind the last) of the parts of the network that the tensors' names tell: `blocks_3`, `head`."""
    paths = [row.name.split(";")[0].split("/")[:-1] for row in rows]
    common = Counter(part for path in paths for part in set(path))
    labels = []
    for path in paths:
        parts = [part for part in path if common[part] <= 0.5 * len(rows)]
        numbered = next((m[0] for part in parts if (m := _NUMBERED.match(part))), None)
        labels.append(numbered or (parts[0] if parts else ""))
    found: list[tuple[str, int, int]] = []
    for index, label in enumerate(labels):
        if found and found[-1][0] == label:
            found[-1] = label, found[-1][1], index + 1
        else:
            found.append((label, index, index + 1))
    return found
