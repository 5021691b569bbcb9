"""Options of TFLite ops as plain attributes: snake_case names, enums by name.

Source: the tables in BuiltinOptions and BuiltinOptions2 of the TFLite schema.
"""

from __future__ import annotations

import re
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
    return _names(enum).get(int(value), f"UNKNOWN_{value}")


_NAMES: dict[type, dict[int, str]] = {}


def _names(enum: type) -> dict[int, str]:
    if enum not in _NAMES:
        _NAMES[enum] = {v: k for k, v in vars(enum).items() if isinstance(v, int) and not k.startswith("_")}
    return _NAMES[enum]


def snake_case(name: str) -> str:
    """`dilationWFactor` => `dilation_w_factor`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


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
