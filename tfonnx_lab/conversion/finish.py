"""What a converted graph becomes before it is handed out: only what the file needs, and states that need not be fed."""

from __future__ import annotations

import json

import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.signature import signature_of
from tfonnx_lab.graph import ONNX, ORIGIN, Editor, all_nodes
from tfonnx_lab.graph.meta import ORIGIN_PROPERTY, SIGNATURE_PROPERTY, STATES_PROPERTY, TFLITE_NAMES, VARIABLE
from tfonnx_lab.graph.origins import origin_text
from tfonnx_lab.rewriters.state_variables import initial_value, states

_IR_VERSIONS = ((18, 8), (20, 9), (22, 10), (24, 11))
"""(newest opset, ir_version of the ONNX releases up to it). Source: docs/Versioning.md of ONNX."""
_NEWEST_IR = 12


def tidy(model: ir.Model, options: Options) -> None:
    """Leave in the file only what it needs: constants in use, domains in use, origins as text."""
    graph, opset = model.graph, options.opset
    used = {v for node in all_nodes(graph) for v in node.inputs}  # the subgraphs of ops that were erased do not count
    used.update(graph.outputs, graph.inputs)
    for inner in graph.subgraphs():
        used.update(inner.outputs)
    for name in [n for n, v in graph.initializers.items() if v not in used]:
        del graph.initializers[name]
    domains = {ONNX}
    for node in all_nodes(graph):
        domains.add(node.domain)
        if origins := node.meta.get(ORIGIN):
            Editor.write_property(node, ORIGIN_PROPERTY, origin_text(origins))
    if model.meta.get(TFLITE_NAMES):
        Editor.write_property(model, SIGNATURE_PROPERTY, json.dumps(signature_of(model).record()))
    imports = graph.opset_imports
    for domain in [d for d in imports if d not in domains]:
        del imports[domain]
    for domain in domains - set(imports):
        imports[domain] = options.extra_opsets.get(domain, 2 if domain == "ai.onnx.ml" else 1)
    imports[ONNX] = opset
    for inner in graph.subgraphs():
        inner.opset_imports.clear()
    model.ir_version = next((ir_version for newest, ir_version in _IR_VERSIONS if opset <= newest), _NEWEST_IR)


def default_states(model: ir.Model) -> None:
    """Every state input gets its initial value as a default, so a caller who keeps no state need not feed it.

    A metadata property names the pairs of inputs and outputs.
    """
    pairs = [{"input": a.name, "output": b.name} for a, b in states(model.graph)]
    if pairs:
        Editor.write_property(model, STATES_PROPERTY, json.dumps(pairs))
    for value in model.graph.inputs:
        if value.meta.get(VARIABLE) and value.name:
            value.const_value = ir.tensor(initial_value(value), name=value.name)
            model.graph.register_initializer(value)
