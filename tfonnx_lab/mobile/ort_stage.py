"""ORT format as a further stage of the trace: what writing the file makes of the graph, step by step, and what it
leaves for later."""

from __future__ import annotations

from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtGraph
from tfonnx_lab.mobile.ort_one_graph import OneGraph
from tfonnx_lab.mobile.ort_steps import STAGE, Steps
from tfonnx_lab.mobile.source import Source
from tfonnx_lab.trace import Recorder, Trace, load_trace


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
    steps = Steps(copy, model)
    _graph_and_bodies(steps, model.graph, steps.graph.main, {})
    steps.assign()
    for record in model.records:
        steps.later(record)
    copy.add("end", {"status": "ok", "nodes": steps.graph.size, "ms": 0.0})
    return copy


def _graph_and_bodies(steps: Steps, after: OrtGraph, number: int, outer: dict[str, int]) -> None:
    """The steps of one graph, then those of the bodies of the ops that stay.

    after: the graph as it is in the file.
    number: its id in the trace.
    outer: name => value of the graphs around it.
    """
    known = {**outer, **steps.graph.names(number)}
    OneGraph(steps, after, number, known).run()
    known = {**outer, **steps.graph.names(number)}
    bodies = {g.path: g for g in steps.model.graphs if g.parent == after.path}
    for node in after.nodes:
        held = steps.graph.nodes[steps.numbers[after.path, node.index]]["attrs"]
        for attribute in node.attributes:
            place = held.get(attribute.name)
            if attribute.value in bodies and isinstance(place, dict) and "graph" in place:
                _graph_and_bodies(steps, bodies[attribute.value], place["graph"], known)
