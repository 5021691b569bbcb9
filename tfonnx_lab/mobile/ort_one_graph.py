"""How one graph of a model becomes that of the .ort file, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfonnx_lab.mobile._rewiring import plain_attributes
from tfonnx_lab.mobile.ort_nodes import OrtGraph, OrtNode
from tfonnx_lab.mobile.ort_rules import LAYOUT, counted, origin_of, rule_of_kept, rule_of_new
from tfonnx_lab.mobile.ort_steps import Steps
from tfonnx_lab.runtime.groups import plain
from tfonnx_lab.trace import Edit, SetInput, SetOutput
from tfonnx_lab.trace.records import Record


class OneGraph:
    """The steps of one graph: its nodes in the order of the file, each kept, or put in the place of what it
    computes."""

    def __init__(self, steps: Steps, after: OrtGraph, number: int, known: dict[str, int]) -> None:
        self.steps, self.after, self.number, self.known = steps, after, number, known
        self.graph = steps.graph
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
            what = counted(gone) if gone else f"an output of {maker['op']}"
            doc = f"{what} of constants => constant."
            self.steps.step(
                "fold_constants",
                doc,
                edits,
                maker["id"],
                origin_of(gone),
                f"{name}: {tensor.dtype}{list(tensor.shape)}",
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
        self.steps.numbers[self.after.path, node.index] = same["id"]
        if not rewired:
            return
        before, new = list(same["in"]), [n.op for n, _, _ in self.waiting]
        edits += self._inserted(same["id"])
        edits += self.graph.apply(rewired)
        gone = self._swept([m for v in before if (m := self.graph.maker(v)) is not None], edits)
        name, doc = rule_of_kept(node, gone, new)
        self.steps.step(name, doc, edits, same["id"], [*same["origin"], *origin_of(gone)], node.name)

    # nodes that are new

    def _put(self, node: OrtNode) -> None:
        roots = self._roots(node)
        record, values = self._record(node, roots)
        self.waiting.append((node, record, values))
        self.final |= {name: v["id"] for name, v in zip(node.outputs, values, strict=True) if name}
        self.steps.numbers[self.after.path, node.index] = record["id"]
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
        values = [self.graph.value(name, self.steps.model.value(name, self.after.path)) for name in node.outputs]
        origin = [p for r in roots for p in r["origin"]]
        made = {"id": self.graph.fresh(), "domain": node.domain, "op": node.op, "name": node.name, "in": [],
                "attrs": plain_attributes(node), "out": [v["id"] for v in values],
                "origin": sorted(set(origin))}  # fmt: skip
        return made, values

    def _replace(self, node: OrtNode, record: Record, values: list[Record], roots: list[Record]) -> None:
        """One step: the node, and those that wait to feed it, in the place of its roots and of what only they need."""
        fed = [m for r in roots for v in r["in"] if (m := self.graph.maker(v)) is not None]
        layout = [n for n, _, _ in self.waiting if n.op in LAYOUT]
        edits = self._inserted(roots[0]["id"])
        for name, old in self._stand_ins(node, roots):
            new = self.final[name] if name in self.final else record["out"][0]
            edits += self.graph.moved(old, new, only=self.left)
            self.now[name] = new
        gone = self._swept([r["id"] for r in roots] + fed, edits)
        made = self.graph.nodes[record["id"]]
        made["origin"] = sorted({*made["origin"], *origin_of(gone)})
        name, doc = rule_of_new(node, gone, layout)
        self.steps.step(name, doc, edits, roots[0]["id"], made["origin"], node.name)

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
            found = self.graph.value(name, self.steps.model.value(name, self.after.path))["id"]
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
            self.steps.step(
                "remove_unused", f"{counted(gone)} => nothing, since nobody reads it.", edits, None, origin_of(gone)
            )


def _stripped(names: Sequence[Any]) -> list[Any]:
    """Without what is left out at the end."""
    found = list(names)
    while found and found[-1] in ("", None):
        found.pop()
    return found
