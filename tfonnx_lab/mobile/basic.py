"""The graph that an execution provider is asked about: ONNX Runtime's basic optimizations have run on it.

ONNX Runtime runs its level 1 transformers before it asks the first provider (InferenceSession::TransformGraph). Its own
session makes that graph here; what later steps add to the saved file (casts around float16 ops that the CPU lacks) is
undone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import onnxruntime as ort
from onnx import TensorProto

from tfonnx_lab.graph.meta import ORIGIN_PROPERTY
from tfonnx_lab.graph.origins import origin_text
from tfonnx_lab.mobile.graph import ONNX_DOMAINS, View, topological_order
from tfonnx_lab.mobile.origins import Kept, Origins

INLINED = "_inlfunc_"
CAST_PREFIXES = ("InsertedPrecisionFreeCast_", "InsertedCast_")


def optimized(model: onnx.ModelProto, written: bool = False) -> onnx.ModelProto:
    """The model after ONNX Runtime's basic optimizations; as it is where ONNX Runtime on this machine cannot load it.

    written: with what later steps of the session add before it writes the file.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "basic.onnx"
        options.optimized_model_filepath = str(path)
        try:
            ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            saved = onnx.load(path)
            return saved if written else _without_inlining(_without_casts(saved), model)
        except Exception:  # ONNX Runtime raises its own classes, which have no common base but this
            return model


def cpu_error(model: onnx.ModelProto) -> str | None:
    """What ONNX Runtime on this machine says where it cannot load the model on its CPU; None where it can."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own classes, which have no common base but this
        return str(error)
    return None


def _without_inlining(model: onnx.ModelProto, before: onnx.ModelProto) -> onnx.ModelProto:
    """Ops that this machine's CPU has no kernel for are replaced by their definition behind the first look: put them
    back."""
    makers = {o: n for n in model.graph.node for o in n.output}
    if not any(INLINED in name for name in makers):
        return model
    for node in before.graph.node:
        maker = makers.get(_first(node))
        if maker is None or maker.op_type == node.op_type or not any(INLINED in i for i in maker.input):
            continue
        region, entering = _region(node, makers)
        new = onnx.NodeProto()
        new.CopyFrom(node)
        known = set(makers) | {i.name for i in (*model.graph.input, *model.graph.initializer)}
        for i, name in enumerate(node.input):
            if name and name not in known and len(entering) == 1:
                new.input[i] = entering[0]
        at = max(i for i, n in enumerate(model.graph.node) if any(n is r for r in region))
        model.graph.node.insert(at + 1, new)
        for gone in region:
            model.graph.node.remove(gone)
        makers = {o: n for n in model.graph.node for o in n.output}
    del model.graph.value_info[:]
    return model


def _region(node: onnx.NodeProto, makers: dict[str, onnx.NodeProto]) -> tuple[list[onnx.NodeProto], list[str]]:
    """The nodes that stand for a node, and the computed values that they read."""
    region: list[onnx.NodeProto] = []
    entering: list[str] = []
    names = [o for o in node.output if o in makers]
    while names:
        name = names.pop()
        maker = makers.get(name)
        if maker is None or (INLINED not in name and name not in node.output):
            if INLINED not in name:
                entering.append(name)
            continue
        if not any(maker is r for r in region):
            region.append(maker)
            names += [i for i in maker.input if i]
    return region, list(dict.fromkeys(entering))


def seen_by_provider(model: onnx.ModelProto, optimize: bool = True, written: bool = False) -> View:
    """The graph as a provider sees it at first: ONNX Runtime's indexes, its order, its types.

    optimize: whether the basic optimizations run (a session's default); a model that folds to nothing is shown as it
        is.
    written: of a file that a session wrote (such as an .ort file): ops of float16 that this machine's CPU lacks stand
        between casts there, or are replaced by their definition. Without it as a session sees the model itself.
    """
    after = optimized(model, written) if optimize else model
    if not after.graph.node:
        after = model
    view = View.of(after, None if written else indexes(model, after))
    order = topological_order(view.nodes, view)
    if len(order) == len(view.nodes):
        view.nodes = order
    _fill_types(after, view)
    _keep_origins(model, view)
    return view


def _keep_origins(model: onnx.ModelProto, view: View) -> None:
    """ONNX Runtime writes no metadata of nodes: find the TFLite ops behind each again, by the values that it
    computes."""
    if not any(p.key == ORIGIN_PROPERTY for n in model.graph.node for p in n.metadata_props):
        return
    origins, kept = Origins(model), Kept.of(view.nodes)  # type: ignore[arg-type]  # of a node: name, inputs, outputs
    for node in view.nodes:
        found = [] if node.proto is None or node.origin else origins.of(node, kept)  # type: ignore[arg-type]
        if node.proto is not None and found:
            node.proto.metadata_props.add(
                key=ORIGIN_PROPERTY, value=origin_text(int(text.split()[-1]) for text in found)
            )


def _fill_types(model: onnx.ModelProto, view: View) -> None:
    """Types that onnx's inference does not know (com.microsoft) from ONNX Runtime's."""
    missing = [o for n in view.nodes for o in n.outputs if o and not view.dtype(o)]
    if not missing:
        return
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    named = {o.name for o in asked.graph.output}
    asked.graph.output.extend(onnx.ValueInfoProto(name=m) for m in missing if m not in named)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = ort.InferenceSession(asked.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # as above
        return
    for output in session.get_outputs():
        if output.name in missing and output.type.startswith("tensor("):
            dtype = TENSOR_TYPES.get(output.type[7:-1], 0)
            view.types[output.name] = (dtype, tuple(output.shape) or view.shape(output.name))


TENSOR_TYPES = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "string": TensorProto.STRING,
    "bool": TensorProto.BOOL,
    **{t: getattr(TensorProto, t.upper()) for t in ("float16", "bfloat16", "uint4", "int4")},
    **{f"{s}int{b}": getattr(TensorProto, f"{s}int{b}".upper()) for s in ("", "u") for b in (8, 16, 32, 64)},
}


def indexes(before: onnx.ModelProto, after: onnx.ModelProto) -> list[int]:
    """ONNX Runtime's index of each node of the optimized model.

    Nodes that were in the file keep their position among its nodes without constants; new ones (they have another name)
    follow.
    """
    kept: dict[tuple[str, str, str], int] = {}
    position = 0
    for node in before.graph.node:
        if node.op_type == "Constant" and node.domain in ONNX_DOMAINS:
            continue
        for key in ((node.op_type, node.name, _first(node)), (node.op_type, node.name, "")):
            kept.setdefault(key, position)
        position += 1
    found: list[int] = []
    used: set[int] = set()
    for node in after.graph.node:
        index = kept.get((node.op_type, node.name, _first(node)))
        if index is None and node.name:
            index = kept.get((node.op_type, node.name, ""))
        if index is None or index in used:
            index = position
            position += 1
        used.add(index)
        found.append(index)
    return found


def _first(node: onnx.NodeProto) -> str:
    return next((o for o in node.output if o), "")


def for_the_cpu(view: View) -> bool:
    """Whether the graph holds what a session adds for its CPU when it writes a file."""
    return any(n.name.startswith(CAST_PREFIXES) or INLINED in "".join(n.outputs) for n in view.nodes)


def _without_casts(model: onnx.ModelProto) -> onnx.ModelProto:
    """Casts that ONNX Runtime inserts behind its partitioning, for ops that its CPU kernels lack in float16."""
    casts = [n for n in model.graph.node if n.op_type == "Cast" and n.name.startswith(CAST_PREFIXES)]
    if not casts:
        return model
    back = {c.output[0]: c.input[0] for c in casts}
    outputs = {o.name for o in model.graph.output}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            while name in back:
                name = back[name]
            node.input[i] = name
    rename = {c.input[0]: c.output[0] for c in casts if c.output[0] in outputs}
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = rename.get(name, name)
    for cast in casts:
        model.graph.node.remove(cast)
    del model.graph.value_info[:]
    return model
