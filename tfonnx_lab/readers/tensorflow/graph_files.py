"""Files of TensorFlow 1: a frozen graph (.pb), a checkpoint (.meta with its variables)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.function import Function, named
from tfonnx_lab.readers.tensorflow.names import in_order, listed
from tfonnx_lab.readers.tensorflow.refusals import SAID

SUFFIXES = frozenset((".pb", ".pbtxt", ".meta"))
"""What these files end in."""

_NO_RESULTS = frozenset(("NoOp", "Assert", "Assign", "AssignVariableOp", "MergeV2Checkpoints", "SaveV2"))


def of_graph(tf: Any, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Function:
    """The function of a frozen graph.

    inputs, outputs: names of its tensors; none: its placeholders, and what nothing reads.

    Raises ConversionError for a file that is no graph, and for a name that the graph does not have.
    """
    definition = _read(tf, path)
    variables = [n.name for n in definition.node if n.op in ("VariableV2", "VarHandleOp", "Variable")]
    if variables:
        raise ConversionError(
            f"the graph reads variables ({listed(variables[:3])}), whose numbers are in a checkpoint: convert the "
            "checkpoint's .meta file (--checkpoint), or freeze it first"
        )
    return _function(tf, definition, inputs, outputs)


def of_checkpoint(tf: Any, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Function:
    """The function of a checkpoint: its graph (.meta), the variables that lie beside it read and frozen."""
    prefix = path.with_suffix("") if path.suffix == ".meta" else path
    if not prefix.with_name(f"{prefix.name}.index").is_file():
        raise ConversionError(
            f"the variables of the checkpoint are missing: there is no {prefix}.index beside the .meta file"
        )
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        saver = v1.train.import_meta_graph(str(prefix.with_name(f"{prefix.name}.meta")), clear_devices=True)
        if saver is None:
            raise ConversionError("the .meta file has no saver, and its graph no variables to restore")
        saver.restore(session, str(prefix))
        definition = graph.as_graph_def()
        asked = [_operation(n) for n in outputs] or _results(definition)
        _known(definition, asked, "outputs")
        definition = v1.graph_util.convert_variables_to_constants(session, definition, asked)
    return _function(tf, definition, inputs, outputs or asked)


def of_signature_of_1(tf: Any, path: Path, tags: Sequence[str], signature: str) -> Function:
    """A signature of a SavedModel of TensorFlow 1 whose variables are no resources: restored and frozen in a session.

    path: the folder.
    signature: the name of one that it has.
    """
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        meta = v1.saved_model.load(session, list(tags), str(path))
        of = meta.signature_def[signature]
        takes = {name: of.inputs[name].name for name in in_order(of.inputs)}
        gives = {name: of.outputs[name].name for name in in_order(of.outputs)}
        asked = [_operation(name) for name in gives.values()]
        definition = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), asked)
    made = _function(tf, definition, list(takes.values()), list(gives.values()))
    return replace(made, inputs=tuple(takes), outputs=tuple(gives), is_sorted=True)


def _read(tf: Any, path: Path) -> Any:
    definition = tf.compat.v1.GraphDef()
    data = path.read_bytes()
    try:
        if path.suffix == ".pbtxt":
            from google.protobuf import text_format

            text_format.Parse(data.decode(), definition)
        else:
            definition.ParseFromString(data)
    except Exception as error:
        raise ConversionError(
            f"is no graph of TensorFlow ({str(error).splitlines()[0][:120]}); a SavedModel is converted by its "
            "folder, not by the saved_model.pb in it"
        ) from error
    if not definition.node or all(not node.op for node in definition.node):
        raise ConversionError("is no graph of TensorFlow: it has no nodes (a SavedModel is converted by its folder)")
    return definition


def _function(tf: Any, definition: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Function:
    takes = list(inputs) or [n.name for n in definition.node if n.op == "Placeholder"]
    gives = list(outputs) or _results(definition)
    _known(definition, map(_operation, takes), "inputs")
    _known(definition, map(_operation, gives), "outputs")
    if not takes or not gives:
        side = "inputs" if not takes else "outputs"
        raise ConversionError(f"the graph does not tell its {side}; name them ({side}=, --{side})")

    def load() -> None:
        tf.graph_util.import_graph_def(definition, name="")

    try:
        wrapped = tf.compat.v1.wrap_function(load, [])
    except Exception as error:
        raise ConversionError(f"TensorFlow cannot load the graph ({str(error).splitlines()[0][:SAID]})") from error
    tensor = wrapped.graph.get_tensor_by_name
    concrete = wrapped.prune([tensor(_tensor(n)) for n in takes], [tensor(_tensor(n)) for n in gives])
    return named(concrete, [_shown(n) for n in takes], [_shown(n) for n in gives], owner=wrapped)


def _known(definition: Any, names: Any, side: str) -> None:
    """Raises ConversionError for an operation that the graph does not have."""
    have = {node.name for node in definition.node}
    for name in names:
        if name not in have:
            holders = [n.name for n in definition.node if n.op in ("Placeholder", "PlaceholderWithDefault")]
            there = holders if side == "inputs" else _results(definition)
            raise ConversionError(
                f"{side}: the graph has no operation {name!r}; its {side} are {listed(there[:8])}, perhaps"
            )


def _results(definition: Any) -> list[str]:
    """The operations that nothing reads and that something fed leads to: what saves and restores variables is none."""
    reads = {node.name: [name.lstrip("^").split(":")[0] for name in node.input] for node in definition.node}
    users: dict[str, list[str]] = {}
    for name, sources in reads.items():
        for source in sources:
            users.setdefault(source, []).append(name)
    waiting = [node.name for node in definition.node if node.op == "Placeholder"]
    fed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in fed:
            fed.add(name)
            waiting += users.get(name, [])
    return [n.name for n in definition.node if n.name in fed and n.name not in users and n.op not in _NO_RESULTS]


def _operation(name: str) -> str:
    return name.split(":")[0]


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _shown(name: str) -> str:
    """The name that tf2onnx gives it: with its number."""
    return name if ":" in name else f"{name}:0"
