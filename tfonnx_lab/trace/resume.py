"""Resuming: a conversion as it stood after some of its steps, from the model read again and the recorded edits.

No rule is called for what was recorded. What the records leave out of a value or node (such as its place in the file)
is taken from the one that the old conversion made, which its recorder keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TENSORS, Editor, all_nodes, is_tflite
from tfonnx_lab.graph.meta import KEYS, QUANTIZATION, describe, inherit
from tfonnx_lab.trace.recorder import Recorder
from tfonnx_lab.trace.records import Record, graphs_of
from tfonnx_lab.trace.replay import Replay

_RECORDED = (TENSORS, QUANTIZATION, ORIGIN)


class Resumed:
    """The graph, editor and recorder of a conversion after the first `events` lines of its trace.

    model: the same model, freshly read; it is changed.
    waiting: the TFLite ops that the handlers had not come to, in the order in which they would have.
    Going on from here gives what converting from the start would give.
    """

    def __init__(self, old: Recorder, events: int, model: ir.Model) -> None:
        self._old = old
        header = old.trace.header
        self.recorder = Recorder(model, header["name"], header["opset"], header["options"], old.trace.originals)
        self.editor = Editor(model)
        self._model = model
        self._waiting: list[ir.Node] | None = None
        self._seen: set[int] = set()
        self._replay = Replay(old.trace, plain=False, follower=_Model(old, self.recorder, self.editor, self._inserted))
        for key, record in old.trace.events[:events]:
            self._event(key, record)
        self._model_meta()
        self.editor.listeners.append(self.recorder)

    @property
    def waiting(self) -> list[ir.Node]:
        """The TFLite ops that the handlers are still to be called for."""
        nodes = self._tflite_nodes() if self._waiting is None else self._waiting
        return [n for n in nodes if n.graph is not None and id(n) not in self._seen]

    def _tflite_nodes(self) -> list[ir.Node]:
        return [n for n in all_nodes(self.editor.graph) if is_tflite(n)]

    def _event(self, key: str, record: Any) -> None:
        trace = self.recorder.trace
        if key == "rule":
            self.recorder.adopt_rule(*record)
        elif key != "step":
            trace.add(key, record)
        else:
            handlers = record["rule"] is None or self.recorder.rule(record["rule"]).stage == "handlers"
            if handlers and self._waiting is None:
                self._waiting = self._tflite_nodes()
            self._replay.goto(record["i"] + 1)
            if handlers and record["root"] is not None:
                self._seen.add(id(self.recorder.find(record["root"])))
            trace.add_step(record)

    def _inserted(self, node: ir.Node) -> None:
        if self._waiting is not None and is_tflite(node):
            self._waiting.append(node)

    def _model_meta(self) -> None:
        """What rules keep with the model: of its values those that are there by now."""
        for key, item in self._old.model.meta.items():
            if key not in self._model.meta and (ours := _ours(item, self._old, self.recorder)) is not None:
                describe(self._model, key, ours)


class _Model:
    """The onnx_ir model that a replay changes along with its records (`edits.World`).

    inserted: is told of each node. Ids are those of the old conversion.
    """

    def __init__(self, old: Recorder, recorder: Recorder, editor: Editor, inserted: Callable[[ir.Node], None]) -> None:
        self._old = old
        self._recorder = recorder
        self._editor = editor
        self._tell = inserted

    def _item(self, number: int) -> Any:
        return self._recorder.find(number)

    def _value(self, number: int | None) -> ir.Value | None:
        """The value; a new one where an edit names it before the node that makes it was inserted."""
        if number is None:
            return None
        return self._item(number) if self._recorder.knows(number) else self._adopted(number, ir.Value())

    def _adopted(self, number: int, item: Any) -> Any:
        self._recorder.adopt(number, item)
        return item

    def know(self, value: Record) -> None:
        made = self._value(value["id"])
        assert made is not None
        old: ir.Value = self._old.find(value["id"])
        made.name = value["name"]
        if value["dtype"] is not None:
            plain = old.type is None or isinstance(old.type, ir.TensorType)
            made.type = ir.TensorType(ir.DataType[value["dtype"]]) if plain else old.type
        made.shape = None if value["shape"] is None else ir.Shape(value["shape"])
        made.const_value = value["const"]
        for key, item in old.meta.items():
            if key not in _RECORDED and (ours := _ours(item, self._old, self._recorder)) is not None:
                describe(made, key, ours)
        if value["tensors"]:
            describe(made, TENSORS, value["tensors"])
        describe(made, QUANTIZATION, value["quant"])
        self._editor.names.reserve(values=[value["name"]])

    def insert(self, graph: int, before: int | None, node: Record) -> None:
        made = ir.Node(
            node["domain"],
            node["op"],
            [self._value(v) for v in node["in"]],
            [self._attribute(name, item) for name, item in node["attrs"].items()],
            outputs=[self._item(v) for v in node["out"]],
            name=node["name"],
        )
        self._adopted(node["id"], made)
        inherit(made, self._old.find(node["id"]), [k for k in KEYS if k not in _RECORDED])
        describe(made, ORIGIN, frozenset(node["origin"]))
        self._editor.names.reserve(nodes=[node["name"]])
        if before is None:
            self._item(graph).append(made)
        else:
            self._item(graph).insert_before(self._item(before), made)
        self._tell(made)

    def _attribute(self, name: str, item: Any) -> ir.Attr:
        """The attribute as recorded, its subgraphs those of this conversion."""
        graphs = [self._item(number) for number in graphs_of(item)]
        if not graphs:
            return item
        return ir.AttrGraphs(name, graphs) if isinstance(item, list) else ir.AttrGraph(name, graphs[0])

    def erase(self, node: int) -> None:
        self._editor.erase(self._item(node))

    def set_input(self, node: int, index: int, value: int | None) -> None:
        self._item(node).replace_input_with(index, self._value(value))

    def set_output(self, graph: int, index: int, value: int) -> None:
        self._item(graph).outputs[index] = self._value(value)

    def set_inputs(self, graph: int, values: Sequence[int]) -> None:
        self._item(graph).inputs[:] = [self._value(v) for v in values]

    def set_outputs(self, graph: int, values: Sequence[int]) -> None:
        self._item(graph).outputs[:] = [self._value(v) for v in values]

    def add_constant(self, value: Record) -> None:
        self.know(value)
        made = self._item(value["id"])
        self._editor.graph.register_initializer(made)
        self._editor.share(made)

    def retype(self, value: int, changed: Record) -> None:
        made = self._value(value)
        assert made is not None
        if "name" in changed:
            made.name = changed["name"]
            self._editor.names.reserve(values=[changed["name"]])
        if changed.get("dtype") is not None:
            made.type = ir.TensorType(ir.DataType[changed["dtype"]])
        if "shape" in changed:
            made.shape = None if changed["shape"] is None else ir.Shape(changed["shape"])
        if "quant" in changed:
            describe(made, QUANTIZATION, changed["quant"])
        if "tensors" in changed:
            describe(made, TENSORS, changed["tensors"])

    def set_attribute(self, node: int, name: str, item: Any) -> None:
        attributes = self._item(node).attributes
        if item is None:
            attributes.pop(name, None)
        else:
            attributes[name] = self._attribute(name, item)

    def add_graph(self, graph: Record) -> None:
        imports = dict(self._editor.graph.opset_imports)
        inputs = [self._item(v) for v in graph["inputs"]]
        made = ir.Graph(inputs, [], nodes=[], opset_imports=imports, name=graph["name"])
        self._adopted(graph["id"], made)


def _ours(item: Any, old: Recorder, new: Recorder) -> Any:
    """The same with the new conversion's values in the place of the old one's; None where one is not there yet."""
    if isinstance(item, ir.Value):
        number = old.number_of(item)
        return item if number is None else new.find(number) if new.knows(number) else None
    if isinstance(item, dict):
        return {k: ours for k, v in item.items() if (ours := _ours(v, old, new)) is not None}
    if isinstance(item, list):
        return [ours for v in item if (ours := _ours(v, old, new)) is not None]
    if isinstance(item, tuple):
        found = tuple(_ours(v, old, new) for v in item)
        return None if None in found else found
    return item
