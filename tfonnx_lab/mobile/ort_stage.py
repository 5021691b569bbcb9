"""ORT format as a further stage of the trace: what writing the file makes of the graph, step by step, and what it
leaves for later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tfonnx_lab.mobile._rewiring import Rewiring, plain_attributes
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtGraph, OrtNode, OrtRecord
from tfonnx_lab.mobile.source import Source
from tfonnx_lab.runtime.groups import INTEGER, plain
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.trace import Edit, Recorder, SetInput, SetOutput, Trace, load_trace
from tfonnx_lab.trace.records import Record

STAGE = "ORT format"
"""The stage's name in the header."""

_LAYOUT = ("Transpose", "ReorderInput", "ReorderOutput")


def ort_trace(source: Source, model: OrtModel) -> Trace:
    """A copy of the source's trace that goes on to the graph of the .ort file.

    source: of a model that was not converted here the trace begins with its ONNX graph. A step folds constants, fuses
    ops into one (`DequantizeLinear + Conv + QuantizeLinear => QLinearConv`), or chooses a layout; the last one gives
    every node to a kernel. After it, a Runtime-style file has a step without edits for each optimization that it
    recorded for later.
    """
    trace = source.trace
    if trace is None:
        found = source.ir_model
        trace = Recorder(found, source.name, found.graph.opset_imports.get("", 0), {}).trace
        trace.header = {**trace.header, "stages": []}
    copy = load_trace(trace.lines())
    copy.originals = trace.originals
    copy.header = {**copy.header, "stages": [*copy.header["stages"], STAGE]}
    copy.events = [event for event in copy.events if event[0] != "end"]
    stage = _Stage(copy, model)
    stage.run()
    copy.add("end", {"status": "ok", "nodes": stage.graph.size, "ms": 0.0})
    return copy


class _Stage:
    """Writes the steps. Names of values tell which one of the file is which one of the graph."""

    def __init__(self, trace: Trace, model: OrtModel) -> None:
        self.trace = trace
        self.model = model
        self.graph = Rewiring(trace)
        self.rules: dict[tuple[str, str], int] = {}
        self.numbers: dict[tuple[str, int], int] = {}

    def run(self) -> None:
        """All steps."""
        self._one(self.model.graph, self.graph.main, {})
        self._assign()
        for record in self.model.records:
            self._later(record)

    def _one(self, after: OrtGraph, number: int, outer: dict[str, int]) -> None:
        """The steps of one graph, then those of the bodies of the ops that stay.

        outer: name => value of the graphs around it.
        """
        known = {**outer, **self.graph.names(number)}
        _OneGraph(self, after, number, known).run()
        known = {**outer, **self.graph.names(number)}
        bodies = {g.path: g for g in self.model.graphs if g.parent == after.path}
        for node in after.nodes:
            held = self.graph.nodes[self.numbers[after.path, node.index]]["attrs"]
            for attribute in node.attributes:
                place = held.get(attribute.name)
                if attribute.value in bodies and isinstance(place, dict) and "graph" in place:
                    self._one(bodies[attribute.value], place["graph"], known)

    def step(
        self, name: str, doc: str, edits: list[Edit], root: int | None, origin: Sequence[int], note: str = ""
    ) -> None:
        """Add a step."""
        self.trace.add_step({"i": len(self.trace), "rule": self._rule(name, doc), "root": root,
                             "bind": {} if root is None else {"op": {"node": root}}, "origin": sorted(set(origin)),
                             "note": note, "ms": 0.0, "edits": edits, "error": None})  # fmt: skip

    def _rule(self, name: str, doc: str) -> int:
        if (name, doc) not in self.rules:
            number = self.rules[name, doc] = 1 + max(self.trace.rules, default=0)
            self.trace.add_rule(number, {"id": number, "stage": STAGE, "name": name, "doc": doc, "file": "onnxruntime",
                                         "line": 0, "source": "", "pattern": None})  # fmt: skip
        return self.rules[name, doc]

    def _assign(self) -> None:
        providers = Counter(n.provider or "no provider" for n in self.model.nodes)
        ops = len({n.identifier for n in self.model.nodes})
        note = f"{', '.join(f'{n} nodes to {p}' for p, n in providers.most_common())}; {ops} ops and versions"
        doc = "Every node => the same, with the provider that runs it and the since-version of its op."
        self.step("assign_kernels", doc, [], None, (), note)

    def _later(self, record: OrtRecord) -> None:
        """A recorded optimization: nothing changes now."""
        numbers = [self.numbers.get((record.path, i)) for i in record.nodes if i is not None]
        present = [n for n in numbers if n is not None]
        ops = " + ".join(self.graph.nodes[n]["op"] for n in present)
        made = ", ".join(record.produced) or "other nodes"
        origin = [p for n in present for p in self.graph.nodes[n]["origin"]]
        target = numbers[record.num_inputs] if record.num_inputs < len(numbers) else None
        doc = f"{record.optimizer}, {record.action}: stays now, recorded for a session with {REPLAY}=1."
        self.step("recorded_for_later", doc, [], target, origin, f"{ops} => {made}")


class _OneGraph:
    """The steps of one graph: its nodes in the order of the file, each kept, or put in the place of what it
    computes."""

    def __init__(self, stage: _Stage, after: OrtGraph, number: int, known: dict[str, int]) -> None:
        self.stage, self.after, self.number, self.known = stage, after, number, known
        self.graph = stage.graph
        self.left = {n["id"]: n for n in self.graph.of(number)}
        self.order = {number: place for place, number in enumerate(self.left)}
        self.by_output = {self._name(v): n for n in self.left.values() for v in n["out"]}
        self.by_name = {n["name"]: n for n in self.left.values() if n["name"]}
        self.final: dict[str, int] = {}
        self.now = dict(known)  # name => what stands for the value in the graph as it is
        self.waiting: list[tuple[OrtNode, Record, list[Record]]] = []

    def run(self) -> None:
        """All steps of the graph."""
        self._fold()
        for node in self.after.nodes:
            kept = self._kept(node)
            if kept is not None:
                self._keep(node, kept)
            else:
                self._put(node)
        self._finish()

    def _name(self, value: int) -> str:
        return str(self.graph.values[value]["name"])

    # constants

    def _fold(self) -> None:
        """A value that was computed of constants is a constant of the file."""
        for name, tensor in self.after.initializers.items():
            maker = self.by_output.get(name)
            if maker is None or maker["id"] not in self.left:
                continue
            edits, new = self.graph.constant(name, tensor)
            old = self.now[name]
            edits += self.graph.moved(old, new)
            gone = self._swept([maker["id"]], edits)
            self.final[name] = self.now[name] = new
            what = _counted(gone) if gone else f"an output of {maker['op']}"
            doc = f"{what} of constants => constant."
            self.stage.step(
                "fold_constants", doc, edits, maker["id"], _origin(gone), f"{name}: {tensor.dtype}{list(tensor.shape)}"
            )

    # nodes that stay

    def _kept(self, node: OrtNode) -> Record | None:
        """The node of the graph that is this one of the file."""
        found = [self.by_output.get(name) for name in node.outputs if name]
        same = found[0] if found else None
        if same is None or same["id"] not in self.left or any(f is not same for f in found):
            return None
        equal = same["op"] == node.op and same["domain"] in (node.domain, "ai.onnx" if not node.domain else node.domain)
        inputs = _stripped(node.inputs)
        if not equal or len(_stripped(same["in"])) != len(inputs) or len(same["out"]) < len(node.outputs):
            return None
        attrs = plain_attributes(node)
        changed = any(
            name in attrs and attrs[name] != value
            for name, value in same["attrs"].items()
            if not isinstance(value, dict)
        )
        return None if changed else same

    def _keep(self, node: OrtNode, same: Record) -> None:
        """Only what it reads may be another value."""
        wanted = [self._input(name) for name in _stripped(node.inputs)]
        edits = [e for _, found in wanted for e in found]
        rewired: list[Edit] = [SetInput(same["id"], i, v) for i, (v, _) in enumerate(wanted) if same["in"][i] != v]
        del self.left[same["id"]]
        self.final |= {name: v for name, v in zip(node.outputs, same["out"], strict=False) if name}
        self.stage.numbers[self.after.path, node.index] = same["id"]
        if not rewired:
            return
        before, new = list(same["in"]), [n.op for n, _, _ in self.waiting]
        edits += self._inserted(same["id"])
        edits += self.graph.apply(rewired)
        gone = self._swept([m for v in before if (m := self.graph.maker(v)) is not None], edits)
        name, doc = _rule_of_kept(node, gone, new)
        self.stage.step(name, doc, edits, same["id"], [*same["origin"], *_origin(gone)], node.name)

    # nodes that are new

    def _put(self, node: OrtNode) -> None:
        roots = self._roots(node)
        record, values = self._record(node, roots)
        self.waiting.append((node, record, values))
        self.final |= {name: v["id"] for name, v in zip(node.outputs, values, strict=True) if name}
        self.stage.numbers[self.after.path, node.index] = record["id"]
        if roots:
            self._replace(node, record, values, roots)

    def _roots(self, node: OrtNode) -> list[Record]:
        """What it computes in the graph as it is: the makers of values of its names, else the node of its name."""
        found = {n["id"]: n for name in node.outputs if (n := self.by_output.get(name)) and n["id"] in self.left}
        if not found and not any(name in self.now for name in node.outputs):
            same = self.by_name.get(node.name) or self.by_name.get(plain(node.name))
            if same is not None and same["id"] in self.left and len(same["out"]) == len(node.outputs) == 1:
                found = {same["id"]: same}
        return list(found.values())

    def _record(self, node: OrtNode, roots: Sequence[Record]) -> tuple[Record, list[Record]]:
        values = [self.graph.value(name, self.stage.model.value(name, self.after.path)) for name in node.outputs]
        origin = [p for r in roots for p in r["origin"]]
        made = {"id": self.graph.fresh(), "domain": node.domain, "op": node.op, "name": node.name, "in": [],
                "attrs": plain_attributes(node), "out": [v["id"] for v in values],
                "origin": sorted(set(origin))}  # fmt: skip
        return made, values

    def _replace(self, node: OrtNode, record: Record, values: list[Record], roots: list[Record]) -> None:
        """One step: the node, and those that wait to feed it, in the place of its roots and of what only they need."""
        fed = [m for r in roots for v in r["in"] if (m := self.graph.maker(v)) is not None]
        layout = [n for n, _, _ in self.waiting if n.op in _LAYOUT]
        edits = self._inserted(roots[0]["id"])
        for name, old in self._stand_ins(node, roots):
            new = self.final[name] if name in self.final else record["out"][0]
            edits += self.graph.moved(old, new, only=self.left)
            self.now[name] = new
        gone = self._swept([r["id"] for r in roots] + fed, edits)
        made = self.graph.nodes[record["id"]]
        made["origin"] = sorted({*made["origin"], *_origin(gone)})
        name, doc = _rule(node, gone, layout)
        self.stage.step(name, doc, edits, roots[0]["id"], made["origin"], node.name)

    def _stand_ins(self, node: OrtNode, roots: Sequence[Record]) -> list[tuple[str, int]]:
        """Name => what stands for that value now, of each value that the node gives."""
        names = [name for name in node.outputs if name in self.now]
        if not names:
            names = [self._name(v) for r in roots for v in r["out"]]
        return [(name, self.now[name]) for name in names]

    # edits

    def _input(self, name: str) -> tuple[int | None, list[Edit]]:
        """The value that an input of the file is, and the edits that make it where the graph has none of that name."""
        if not name:
            return None, []
        if name in self.final:
            return self.final[name], []
        tensor = self.after.initializers.get(name)
        found = self.known.get(name)
        if tensor is not None and (found is None or not self.graph.is_constant(found, tensor)):
            edits, new = self.graph.constant(name, tensor)
            self.final[name] = new
            return new, edits
        if found is None:  # of a graph around this one, under a name that it has only in the file
            found = self.graph.value(name, self.stage.model.value(name, self.after.path))["id"]
        return found, []

    def _inserted(self, before: int | None) -> list[Edit]:
        """The nodes that wait, in front of a node of the graph, or at its end."""
        edits: list[Edit] = []
        for node, record, values in self.waiting:
            for name in node.inputs:
                value, made = self._input(name)
                edits += made
                record["in"].append(value)
            edits += self.graph.insert(self.number, before, record, values)
        self.waiting = []
        return edits

    def _swept(self, numbers: Sequence[int], edits: list[Edit]) -> list[Record]:
        """Erase the nodes, and what only they need, as far as nobody reads them; returns them in order."""
        gone: list[Record] = []
        queue = list(dict.fromkeys(numbers))
        while queue:
            number = queue.pop(0)
            node = self.left.get(number)
            if node is None or self.graph.is_read(node):
                continue
            del self.left[number]
            queue += [m for v in node["in"] if (m := self.graph.maker(v)) is not None]
            edits += self.graph.erase(number)
            gone.append(node)
        return sorted(gone, key=lambda n: self.order[n["id"]])

    def _finish(self) -> None:
        """The graph's outputs, and the nodes that the file does not have."""
        edits = self._inserted(None)
        for index, name in enumerate(self.after.outputs):
            value, made = self._input(name)
            edits += made
            if value is not None and self.graph.outputs(self.number)[index] != value:
                edits += self.graph.apply([SetOutput(self.number, index, value)])
        gone: list[Record] = []
        while found := self._swept(list(self.left)[::-1], edits):
            gone = [*found, *gone]
        if edits:
            self.stage.step(
                "remove_unused", f"{_counted(gone)} => nothing, since nobody reads it.", edits, None, _origin(gone)
            )


def _stripped(names: Sequence[Any]) -> list[Any]:
    """Without what is left out at the end."""
    found = list(names)
    while found and found[-1] in ("", None):
        found.pop()
    return found


def _origin(nodes: Sequence[Record]) -> list[int]:
    return [p for n in nodes for p in n["origin"]]


def _counted(nodes: Sequence[Record], most: int = 6) -> str:
    """ "2 DequantizeLinear + Conv"."""
    counts = Counter(n["op"] for n in nodes)
    parts = [op if n == 1 else f"{n} {op}" for op, n in counts.items()]
    return " + ".join(parts[:most]) + (" ..." if len(parts) > most else "") or "nothing"


def _rule(node: OrtNode, gone: Sequence[Record], layout: Sequence[OrtNode]) -> tuple[str, str]:
    """Name and doc of the rule that a replacement is a case of."""
    ops = list(dict.fromkeys(n["op"] for n in gone))
    moved = list(dict.fromkeys(n.op for n in layout if n is not node))
    doc = f"{' + '.join(ops) or 'nothing'} => {', '.join([*moved, node.op])}."
    if moved or node.domain == "com.microsoft.nchwc" or (node.op in _LAYOUT and node.op not in ops):
        return "change_layout", doc
    if ops == [node.op]:
        return "rearrange", f"{node.op} => {node.op}, with other inputs or attributes."
    if node.op in ops:
        return "rearrange", doc
    return (f"fuse_{node.op}" if len(gone) > 1 or INTEGER.search(node.op) else f"replace_by_{node.op}"), doc


def _rule_of_kept(node: OrtNode, gone: Sequence[Record], new: Sequence[str]) -> tuple[str, str]:
    """Name and doc of the rule for a node that stays and reads something else."""
    if any(op in _LAYOUT for op in new):
        return "change_layout", f"{node.op}(x) => {node.op}({', '.join(dict.fromkeys(new))}(x))."
    if gone:
        return "take_away", f"{node.op}({_counted(gone)}(x)) => {node.op}(x)."
    return "rearrange", f"{node.op}(x) => {node.op}({', '.join(dict.fromkeys(new)) or 'another value'})."
