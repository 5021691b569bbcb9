"""ONNX Runtime as a fourth stage of the trace: each group that it recognised is a step, each that stayed float a near
miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import onnx
from onnx import helper

from tfonnx_lab.runtime.groups import Group, RuntimeReport, plain
from tfonnx_lab.runtime.selectors import ACTIVATIONS
from tfonnx_lab.trace import Edit, Erase, Insert, Replay, SetInput, SetOutput, Trace, load_trace
from tfonnx_lab.trace.records import Record

_LAYOUT = ("Reshape", "Squeeze", "Transpose", "Unsqueeze")

STAGE = "ONNX Runtime"
"""The stage's name in the header."""


def runtime_trace(trace: Trace, report: RuntimeReport) -> Trace:
    """A copy of the trace that goes on to what ONNX Runtime runs.

    A step replaces an op and the Q/DQ around it by the kernel that computes it (`Q(Conv(DQ(x), DQ(w))) => QLinearConv`)
    or removes an activation that became part of the kernel before it. Ops that compute in float between codes are
    near misses of the rule that their kernel would have had, with the reason.
    """
    copy = load_trace(trace.lines())
    copy.originals = trace.originals
    copy.header = {**copy.header, "stages": [*copy.header["stages"], STAGE], "target": report.target}
    copy.events = [event for event in copy.events if event[0] != "end"]
    stage = _Stage(copy, report)
    for group in report.groups:
        stage.take(group)
    copy.add("end", {"status": "ok", "nodes": stage.size, "ms": 0.0})
    return copy


class _Stage:
    """Writes the steps, with the graph as it is after each of them."""

    def __init__(self, trace: Trace, report: RuntimeReport) -> None:
        self.trace = trace
        self.replay = Replay(trace).goto(len(trace))
        self.named = {plain(n.name): n for n in report.model.graph.node}
        self.makers = {o: n for n in report.model.graph.node for o in n.output}
        self.next = 1 + max([*self.replay.nodes, *self.replay.values, *self.replay.graphs])
        self.rules: dict[str, int] = {}
        self.by_name: dict[tuple[str, str], int] = {}
        for number in self.replay.state.standing():
            node = self.replay.nodes[number]
            self.by_name.setdefault((node["name"], node["op"]), number)

    @property
    def size(self) -> int:
        """How many nodes are left."""
        return self.replay.size

    def take(self, group: Group) -> None:
        """The step or the near miss of one group."""
        node = self._node(group)
        if node is None:
            return
        kernel = self.named.get(plain(group.name)) or self.makers.get(group.outputs[0])
        if group.kernel and group.kernel != group.op and kernel is not None and kernel.op_type == group.kernel:
            (self._replaced if group.integer else self._renamed)(group, node, kernel)
        elif not group.kernel and group.op in ACTIVATIONS:
            self._merged(group, node, "that clips by itself")
        elif not group.kernel and group.op in _LAYOUT:
            self._merged(group, node, "that takes the other layout")
        elif group.quantized and not group.integer:
            rule = self._rule(f"QLinear{group.op}", f"Q({group.op}(DQ(x))) => QLinear{group.op}(x).")
            self.trace.add(
                "miss", {"step": len(self.trace), "rule": rule, "node": node["id"], "why": group.reason or "no kernel"}
            )

    def _replaced(self, group: Group, node: Record, kernel: onnx.NodeProto) -> None:
        quantizer = self._users(node["out"][0])
        last = quantizer[0] if len(quantizer) == 1 and quantizer[0]["op"] == "QuantizeLinear" else node
        made, edits = self._kernel(node, last, kernel)
        edits += self._rewired(last["out"][0], made["out"][0])
        gone = [last, node] if last is not node else [node]
        edits += [Erase(n["id"]) for n in gone]
        feeding = [self._maker(v) for v in dict.fromkeys(node["in"]) if v is not None]
        left = {n["id"] for n in gone}
        for dq in feeding:
            if dq is not None and dq["op"] == "DequantizeLinear":
                users = {n["id"] for n in self._users(dq["out"][0])} - left
                if not users and dq["out"][0] not in self._outputs():
                    edits.append(Erase(dq["id"]))
        doc = f"QuantizeLinear({group.op}(DequantizeLinear(x) ...)) => {kernel.op_type}(x ...)."
        self._step(kernel.op_type, doc, group, node, edits, group.quantization)

    def _renamed(self, group: Group, node: Record, kernel: onnx.NodeProto) -> None:
        """A kernel of its own for the op alone: NhwcMaxPool, FusedConv."""
        made, edits = self._kernel(node, node, kernel)
        edits += [*self._rewired(node["out"][0], made["out"][0]), Erase(node["id"])]
        doc = f"{group.op}(x) => {kernel.op_type}(x)."
        self._step(kernel.op_type, doc, group, node, edits, group.quantization)

    def _merged(self, group: Group, node: Record, how: str) -> None:
        source = node["in"][0]
        maker = None if source is None else self._maker(source)
        if maker is None or node["out"][0] in self._outputs():
            return
        edits = self._rewired(node["out"][0], source)
        edits.append(Erase(node["id"]))
        doc = f"{group.op}(x) => x, behind a {maker['op']} or before a kernel {how}."
        rule = "merge_activation" if group.op in ACTIVATIONS else "merge_layout"
        self._step(rule, doc, group, node, edits, f"{group.op} is part of a kernel beside it")

    def _kernel(self, node: Record, last: Record, kernel: onnx.NodeProto) -> tuple[Record, list[Edit]]:
        """The kernel as a new node in front of the op, making a value of its own."""
        inputs: list[int | None] = []
        for number in node["in"]:
            maker = None if number is None else self._maker(number)
            inputs += maker["in"] if maker is not None and maker["op"] == "DequantizeLinear" else [number]
        if last is not node:
            inputs += last["in"][1:]
        inputs = self._in_order(inputs, kernel)
        value = {**self.replay.values[last["out"][0]], "id": self._fresh(), "const": None}
        made = {"id": self._fresh(), "domain": kernel.domain, "op": kernel.op_type, "name": kernel.name, "in": inputs,
                "attrs": dict(_attributes(kernel)), "out": [value["id"]], "origin": node["origin"]}  # fmt: skip
        return made, [Insert(self.replay.state.home[node["id"]], node["id"], made, [value])]

    def _in_order(self, found: Sequence[int | None], kernel: onnx.NodeProto) -> list[int | None]:
        """The values of the Q and DQ as the kernel takes them: by name, and, in order, those that it knows by
        another."""
        named = {self.replay.values[v]["name"]: v for v in found if v is not None}
        others = iter([v for name, v in named.items() if name not in kernel.input])
        return [named[name] if name in named else next(others, None) if name else None for name in kernel.input]

    def _rewired(self, old: int, new: int) -> list[Edit]:
        edits: list[Edit] = [
            SetInput(user["id"], i, new) for user in self._users(old) for i, v in enumerate(user["in"]) if v == old
        ]
        for graph in self.replay.graphs.values():
            edits += [SetOutput(graph["id"], i, new) for i, v in enumerate(graph["outputs"]) if v == old]
        return edits

    def _step(self, name: str, doc: str, group: Group, node: Record, edits: list[Edit], note: str) -> None:
        record = {"i": len(self.trace), "rule": self._rule(name, doc), "root": node["id"],
                  "bind": {"op": {"node": node["id"]}}, "origin": list(group.origin), "note": note, "ms": 0.0,
                  "edits": edits, "error": None}  # fmt: skip
        self.trace.add_step(record)
        self.replay.goto(len(self.trace))
        for number in (n for edit in edits for n in edit.added()):
            made = self.replay.nodes[number]
            if self.by_name.get(key := (made["name"], made["op"])) not in self.replay.state.home:
                self.by_name[key] = number

    def _rule(self, name: str, doc: str) -> int:
        if name not in self.rules:
            number = 1 + max(self.trace._rules, default=0)
            self.rules[name] = number
            self.trace.add_rule(number, {"id": number, "stage": STAGE, "name": name, "doc": doc, "file": "onnxruntime",
                                         "line": 0, "source": "", "pattern": None})  # fmt: skip
        return self.rules[name]

    def _fresh(self) -> int:
        self.next += 1
        return self.next - 1

    def _node(self, group: Group) -> Record | None:
        """The group's op, where it still stands."""
        number = self.by_name.get((group.name, group.op))
        return None if number is None or number not in self.replay.state.home else self.replay.nodes[number]

    def _users(self, value: int) -> list[Record]:
        return [self.replay.nodes[number] for number in self.replay.state.users.get(value, ())]

    def _maker(self, value: int) -> Record | None:
        number = self.replay.state.maker.get(value)
        return None if number is None else self.replay.nodes[number]

    def _outputs(self) -> set[int]:
        return {v for g in self.replay.graphs.values() for v in g["outputs"]}


def _attributes(node: onnx.NodeProto) -> Iterator[tuple[str, Any]]:
    """Attributes that JSON can hold."""
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            yield attribute.name, value.decode("utf-8", "replace")
        elif isinstance(value, (int, float, str)) or (
            isinstance(value, list) and all(isinstance(v, (int, float)) for v in value)
        ):
            yield attribute.name, value
