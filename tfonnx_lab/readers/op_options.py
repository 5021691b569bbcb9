"""Options of TFLite ops as plain attributes: snake_case names, enums by name.

Source: the tables in BuiltinOptions and BuiltinOptions2 of the TFLite schema.

`graph/tflite_options.json` holds all of them for those who must not load the schema; after a change of the schema:

    python -c "from tfonnx_lab.readers.op_options import as_json; print(end=as_json())" >
    tfonnx_lab/graph/tflite_options.json
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_ENUMS = {
    ("ReduceWindowOptions", "reduceFunction"): schema.ReduceWindowFunction,
    ("StablehloCompareOptions", "comparisonDirection"): schema.StablehloComparisonDirection,
    ("StablehloCompareOptions", "compareType"): schema.StablehloComparisonType,
    ("StablehloRngBitGeneratorOptions", "algorithm"): schema.RngAlgorithm,
    ("LSHProjectionOptions", "type"): schema.LSHProjectionType,
    ("EmbeddingLookupSparseOptions", "combiner"): schema.CombinerType,
    ("MirrorPadOptions", "mode"): schema.MirrorPadMode,
    ("LSTMOptions", "kernelType"): schema.LSTMKernelType,
    ("FullyConnectedOptions", "weightsFormat"): schema.FullyConnectedOptionsWeightsFormat,
}
_ENUMS_BY_FIELD = {
    "fusedActivationFunction": schema.ActivationFunctionType,
    "inDataType": schema.TensorType,
    "outDataType": schema.TensorType,
    "outputType": schema.TensorType,
    "outType": schema.TensorType,
    "idxOutType": schema.TensorType,
    "keyDtype": schema.TensorType,
    "valueDtype": schema.TensorType,
    "quantizedBiasType": schema.TensorType,
}


def enum_name(enum: type, value: int) -> str:
    """The name of an enum's value; `UNKNOWN_7` for one that this schema does not have."""
    return names_of(enum).get(int(value), f"UNKNOWN_{value}")


_NAMES: dict[type, dict[int, str]] = {}


def names_of(enum: type) -> dict[int, str]:
    """Value => name, of an enum of the schema: a class whose other attributes, of which Python 3.13 has a number, too,
    begin with an underscore."""
    if enum not in _NAMES:
        _NAMES[enum] = {v: k for k, v in vars(enum).items() if isinstance(v, int) and not k.startswith("_")}
    return _NAMES[enum]


@cache
def snake_case(name: str) -> str:
    """`dilationWFactor` => `dilation_w_factor`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def subgraph_option(name: str) -> str | None:
    """The attribute that holds the subgraphs whose indices an option gives: `then_subgraph_index` => `then_subgraph`.

    None for any other option.
    """
    if name != "subgraph" and not name.endswith(("subgraph_index", "subgraph_indices")):
        return None
    return name.removesuffix("_index").replace("_indices", "s")


def op_options(op: Any) -> dict[str, Any]:
    """All options of an operator; the subgraph indices among them are left to the reader of subgraphs."""
    table = schema.BuiltinOptionsCreator(op.BuiltinOptionsType(), op.BuiltinOptions())
    kind = enum_name(schema.BuiltinOptions, op.BuiltinOptionsType())
    if table is None:
        table = schema.BuiltinOptions2Creator(op.BuiltinOptions2Type(), op.BuiltinOptions2())
        kind = enum_name(schema.BuiltinOptions2, op.BuiltinOptions2Type())
    if table is None:
        return {}
    return {snake_case(field): _value(kind, field, value) for field, value in vars(table).items() if value is not None}


def _value(kind: str, field: str, value: Any) -> Any:
    if field == "compositeAttributes":
        return np.asarray(value, np.uint8).tobytes()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if field == "padding" and not isinstance(value, (list, np.ndarray)):
        return enum_name(schema.Padding, value)
    enum = _ENUMS.get((kind, field)) or _ENUMS_BY_FIELD.get(field)
    if enum is not None:
        return enum_name(enum, value)
    return (
        [v.item() if isinstance(v, np.generic) else v for v in value]
        if isinstance(value, (list, np.ndarray))
        else value
    )


_SHARED_TABLES = {
    "Pool2DOptions": ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"),
    "Conv3DOptions": ("CONV_3D_TRANSPOSE",),
    "L2NormOptions": ("L2_NORMALIZATION",),
    "MaximumMinimumOptions": ("MAXIMUM", "MINIMUM"),
    "RandomOptions": ("MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"),
    "ReducerOptions": (
        "MEAN",
        "REDUCE_ALL",
        "REDUCE_ANY",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "REDUCE_PROD",
        "SUM",
    ),
    "SequenceRNNOptions": ("UNIDIRECTIONAL_SEQUENCE_RNN",),
}
"""Tables that the name of the op does not lead to. Source: ParseOpDataTfLite in core/api/flatbuffer_conversions.cc."""


def schema_options() -> dict[str, dict[str, Any]]:
    """Every builtin op => its options as attributes, with the schema's defaults;

    None for lists, texts and subgraphs.
    """
    tables = {name for union in (schema.BuiltinOptions, schema.BuiltinOptions2) for name in names_of(union).values()}
    of_op = {op: table for table, ops in _SHARED_TABLES.items() for op in ops}
    by_name = {table.removesuffix("Options").lower(): table for table in tables - {"NONE"}}
    found = {}
    for op in sorted(names_of(schema.BuiltinOperator).values()):
        table = of_op.get(op) or by_name.get(op.replace("_", "").lower())
        found[op] = {} if table is None else _defaults(table)
    return found


def _defaults(kind: str) -> dict[str, Any]:
    """The options of a table. An empty list stands for a missing one: no option of the schema has another default."""
    found = {}
    for field, value in vars(getattr(schema, f"{kind}T")()).items():
        name = snake_case(field)
        short = subgraph_option(name)
        found[short or name] = None if short or value is None else _value(kind, field, value)
    return found


def as_json() -> str:
    """`schema_options` as the file that the package carries, an op a line."""
    rows = (f"  {json.dumps(op)}: {json.dumps(options)}" for op, options in schema_options().items())
    return "\n".join(["{", ",\n".join(rows), "}", ""])
