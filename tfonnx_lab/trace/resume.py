"""Resuming: a conversion as it stood after some of its steps, from the model read again and the recorded edits.

No rule is called for what was recorded. What the records leave out of a value or node (its place in the file, say) is
taken from the one that the old conversion made, which its recorder keeps.
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TENSORS, Editor, all_nodes, is_tflite
from tfonnx_lab.graph.meta import KEYS, QUANTIZATION, describe, inherit
from tfonnx_lab.trace.recorder import Recorder
from tfonnx_lab.trace.records import Record

_RECORDED = (TENSORS, QUANTIZATION, ORIGIN)


class Resumed:
    """The graph, editor and recorder of a conversion after the first `events` lines of its trace.

    model: the same model, freshly read; it is changed. waiting: the TFLite ops that the handlers had not come to, in the
    order in which they would have. Going on from here gives what converting from the start would give.
    """

    def __init__(self, old: Recorder, events: int, model: ir.Model) -> None:
        self._old = old
        header = old.trace.header
        self.recorder = Recorder(model, header["name"], header["opset"], header["options"])
        self.editor = Editor(model)
        self._model = model
        self._waiting: list[ir.Node] | None = None
        self._seen: set[int] = set()
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
            edits = [self._redo(edit) for edit in record["edits"]]
            if handlers and record["root"] is not None:
                self._seen.add(id(self.recorder.find(record["root"])))
            trace.add_step({**record, "edits": edits})

    def _redo(self, edit: list[Any]) -> list[Any]:
        """Apply one edit; what to write down for it, which is the edit where it holds no subgraph."""
        return getattr(self, f"_{edit[0]}")(*edit[1:]) or edit

    def _item(self, number: int) -> Any:
        return self.recorder.find(number)

    def _value(self, number: int | None) -> ir.Value | None:
        """The value; a new one where an edit names it before the node that makes it was inserted."""
        if number is None:
            return None
        return self.recorder.find(number) if self.recorder.knows(number) else self._adopted(number, ir.Value())

    def _adopted(self, number: int, item: Any) -> Any:
        self.recorder.adopt(number, item)
        return item

    def _filled(self, record: Record) -> ir.Value:
        value = self._value(record["id"])
        assert value is not None
        old: ir.Value = self._old.find(record["id"])
        value.name = record["name"]
        if record["dtype"] is not None:
            plain = old.type is None or isinstance(old.type, ir.TensorType)
            value.type = ir.TensorType(ir.DataType[record["dtype"]]) if plain else old.type
        value.shape = None if record["shape"] is None else ir.Shape(record["shape"])
        value.const_value = record["const"]
        for key, known in old.meta.items():
            if key not in _RECORDED and (ours := self._ours(known)) is not None:
                describe(value, key, ours)
        if record["tensors"]:
            describe(value, TENSORS, record["tensors"])
        describe(value, QUANTIZATION, record["quant"])
        self.editor.names.reserve(values=[record["name"]])
        return value

    def _attribute(self, attribute: ir.Attr) -> ir.Attr:
        """The attribute, its subgraphs those of this conversion."""
        if attribute.type == ir.AttributeType.GRAPH:
            return ir.AttrGraph(attribute.name, self._item(self._old.number(attribute.value)))
        if attribute.type == ir.AttributeType.GRAPHS:
            return ir.AttrGraphs(attribute.name, [self._item(self._old.number(g)) for g in attribute.value])
        return attribute

    # the edits of docs/trace.md

    def _insert(self, graph: int, before: int | None, record: Record, outputs: list[Record]) -> list[Any]:
        attributes = {name: self._attribute(a) for name, a in record["attrs"].items()}
        node = ir.Node(
            record["domain"],
            record["op"],
            [self._value(v) for v in record["in"]],
            list(attributes.values()),
            outputs=[self._filled(v) for v in outputs],
            name=record["name"],
        )
        self._adopted(record["id"], node)
        inherit(node, self._old.find(record["id"]), [k for k in KEYS if k not in _RECORDED])
        describe(node, ORIGIN, frozenset(record["origin"]))
        self.editor.names.reserve(nodes=[record["name"]])
        if before is None:
            self._item(graph).append(node)
        else:
            self._item(graph).insert_before(self._item(before), node)
        if self._waiting is not None and is_tflite(node):
            self._waiting.append(node)
        return ["insert", graph, before, {**record, "attrs": attributes}, outputs]

    def _erase(self, number: int) -> None:
        self.editor.erase(self._item(number))

    def _input(self, number: int, index: int, value: int | None) -> None:
        self._item(number).replace_input_with(index, self._value(value))

    def _output(self, graph: int, index: int, value: int) -> None:
        self._item(graph).outputs[index] = self._value(value)

    def _inputs(self, graph: int, numbers: list[int], fresh: list[Record]) -> None:
        for record in fresh:
            self._filled(record)
        self._item(graph).inputs[:] = [self._value(v) for v in numbers]

    def _outputs(self, graph: int, numbers: list[int]) -> None:
        self._item(graph).outputs[:] = [self._value(v) for v in numbers]

    def _constant(self, record: Record) -> None:
        value = self._filled(record)
        self.editor.graph.register_initializer(value)
        self.editor.share(value)

    def _retype(self, number: int, fields: Record) -> None:
        value = self._value(number)
        assert value is not None
        if "name" in fields:
            value.name = fields["name"]
            self.editor.names.reserve(values=[fields["name"]])
        if fields.get("dtype") is not None:
            value.type = ir.TensorType(ir.DataType[fields["dtype"]])
        if "shape" in fields:
            value.shape = None if fields["shape"] is None else ir.Shape(fields["shape"])
        if "quant" in fields:
            describe(value, QUANTIZATION, fields["quant"])
        if "tensors" in fields:
            describe(value, TENSORS, fields["tensors"])

    def _attr(self, number: int, name: str, attribute: ir.Attr | None) -> None:
        attributes = self._item(number).attributes
        if attribute is None:
            attributes.pop(name, None)
        else:
            attributes[name] = self._attribute(attribute)

    def _graph(self, record: Record, inputs: list[Record]) -> None:
        imports = dict(self.editor.graph.opset_imports)
        made = ir.Graph([self._filled(v) for v in inputs], [], nodes=[], opset_imports=imports, name=record["name"])
        self._adopted(record["id"], made)

    def _model_meta(self) -> None:
        """What rules keep with the model: of its values those that are there by now."""
        for key, item in self._old.model.meta.items():
            if key not in self._model.meta and (ours := self._ours(item)) is not None:
                describe(self._model, key, ours)

    def _ours(self, item: Any) -> Any:
        if isinstance(item, ir.Value):
            number = self._old.number_of(item)
            return item if number is None else self.recorder.find(number) if self.recorder.knows(number) else None
        if isinstance(item, dict):
            return {k: ours for k, v in item.items() if (ours := self._ours(v)) is not None}
        if isinstance(item, list):
            return [ours for v in item if (ours := self._ours(v)) is not None]
        if isinstance(item, tuple):
            found = tuple(self._ours(v) for v in item)
            return None if None in found else found
        return item
