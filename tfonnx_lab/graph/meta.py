"""What is known of values, nodes, graphs and models beside ONNX's own fields: every key of their `meta`, and the way to
write one.

Only the Editor writes (`Editor.describe`, `inherit`, `write_property`), and whoever makes a graph of what was written
down: the readers of files and the replay of a trace, by `describe`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import onnx_ir as ir

Described: TypeAlias = ir.Value | ir.Node | ir.Graph | ir.Model

CODES = "codes"
DATA_RANGE = "data range"
ERASED = "erased"
FROM_TENSORFLOW = "from_tensorflow"
INEXACT = "inexact"
INITIAL = "initial"
INTERMEDIATES = "intermediates"
KIND = "tflite_type"
LAYERS = "layers"
NEXT = "next"
ORIGIN = "origin"
OUTPUT_NAMES = "output_names"
PLACE = "place"
QUANTIZATION = "quantization"
SIGNATURE = "signature"
SIGNATURES = "signatures"
SORTED = "sorted inputs"
SURVEY = "activation survey"
TABLES = "tables"
TENSORS = "tensors"
TENSOR_INDEX = "tensor_index"
TFLITE_NAMES = "tflite_names"
VARIABLE = "variable"

KEYS: Mapping[str, str] = {
    # of values
    CODES: "the dtype of the codes that a value of real numbers was read as",
    DATA_RANGE: "(low, high) of the codes that a value was, which the data is not expected to leave",
    INITIAL: "what a variable holds before the first run, as an array",
    KIND: "the name of the TFLite type, which tells pairs (complex numbers) from real ones",
    NEXT: "of a graph output: the graph input that the next run starts with it in the place of",
    QUANTIZATION: "how codes map to real values (`Quantization`)",
    TENSORS: "the TFLite tensors that the value holds, as (name, permutation or None) pairs",
    VARIABLE: "true where the tensor keeps its contents from one run to the next",
    # of nodes
    INTERMEDIATES: "values with the quantizations of an LSTM's intermediate tensors",
    ORIGIN: "the indices of the TFLite ops that led to the node, as a frozenset",
    PLACE: "where the TFLite op that led to the node stands in the file, for messages",
    # of graphs
    ERASED: "true for the subgraph of a node that was taken out",
    # of models
    LAYERS: "the layers of the model, and which TFLite op comes from which (`readers.layers.OpLayers`)",
    FROM_TENSORFLOW: "true where the file was made for this conversion, so that TensorFlow is who is right",
    INEXACT: "with exact='bits': the ops that compute with real numbers, each with where it stands and why",
    OUTPUT_NAMES: (
        "the caller's names of the outputs in order, empty where there is none; a tensor can have only one of them"
    ),
    SIGNATURE: "which signature was converted",
    SIGNATURES: "the file's signatures: name => its subgraph, and the tensors of its inputs and outputs",
    SORTED: "true where the inputs are in the order of the alphabet, as the source does not have the caller's",
    SURVEY: "what all ranges of the file together say of activations that it does not name",
    TABLES: "number of a hash table => the constants with its keys and values",
    TENSOR_INDEX: "name of a value => the index of its tensor in the main subgraph",
    TFLITE_NAMES: (
        "name of an input or output => the name that its tensor has in the file, where the caller has another"
    ),
}
"""Key => what it holds."""

ORIGIN_PROPERTY = "tflite_op"
SIGNATURE_PROPERTY = "tfonnx_lab.signature"
STATES_PROPERTY = "tfonnx_lab.states"

PROPERTIES: Mapping[str, str] = {
    ORIGIN_PROPERTY: "of a node: the indices of the TFLite ops that it came from, `3,7-12`",
    SIGNATURE_PROPERTY: (
        'of the model: the caller\'s inputs and outputs as JSON, `{"key": ..., "inputs": [{"name", "tflite", ...}]}`'
    ),
    STATES_PROPERTY: 'of the model: its states as JSON, `[{"input": "memory", "output": "memory_next"}, ...]`',
}
"""The metadata properties that the package writes into ONNX files => what they hold."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})
_MAKES_ROOM = not hasattr(ir.Value(name="x"), "_metadata")
"""Whether the installed onnx_ir lacks the attribute below that tells whether an item has a `meta`."""


def known(item: ir.Value | ir.Node) -> Mapping[str, Any]:
    """What is known of an item. Its own `meta` would make room for what nobody may ever write."""
    if _MAKES_ROOM:
        return item.meta.data
    kept = item._metadata
    return _NOTHING if kept is None else kept.data


def describe(item: Described, key: str, value: Any) -> None:
    """Write what is known of an item; None takes it away. Raises KeyError for a key that is not declared above."""
    if key not in KEYS:
        raise KeyError(f"{key!r} is not declared in graph/meta.py")
    if value is None:
        item.meta.data.pop(key, None)
    else:
        item.meta.data[key] = value


def inherit(made: Described, source: Described, keys: Iterable[str]) -> None:
    """Write of `made` what is known of `source` under these keys."""
    told = source.meta.data
    for key in keys:
        if key in told:
            describe(made, key, told[key])


def write_property(item: ir.Node | ir.Model, key: str, text: str) -> None:
    """Write a metadata property of the file. Raises KeyError for one that is not declared above."""
    if key not in PROPERTIES:
        raise KeyError(f"{key!r} is not declared in graph/meta.py")
    item.metadata_props[key] = text
