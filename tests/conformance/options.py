"""Which options table an op has, and how keywords fill it."""

from __future__ import annotations

from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.readers.op_options import names_of

from .encoding import flex

SPECIAL = {
    "AVERAGE_POOL_2D": "Pool2DOptions", "MAX_POOL_2D": "Pool2DOptions", "L2_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions", "SUM": "ReducerOptions", "REDUCE_MAX": "ReducerOptions", "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions", "REDUCE_ANY": "ReducerOptions", "REDUCE_ALL": "ReducerOptions",
    "L2_NORMALIZATION": "L2NormOptions", "MAXIMUM": "MaximumMinimumOptions", "MINIMUM": "MaximumMinimumOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions", "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "RANDOM_UNIFORM": "RandomOptions", "RANDOM_STANDARD_NORMAL": "RandomOptions", "MULTINOMIAL": "RandomOptions",
}  # fmt: skip
"""Ops whose options table is not called after them."""

ENUMS = {
    "padding": schema.Padding, "fusedActivationFunction": schema.ActivationFunctionType,
    "weightsFormat": schema.FullyConnectedOptionsWeightsFormat, "kernelType": schema.LSTMKernelType,
    "combiner": schema.CombinerType, "mode": schema.MirrorPadMode, "reduceFunction": schema.ReduceWindowFunction,
    "algorithm": schema.RngAlgorithm, "type": schema.LSHProjectionType,
    "comparisonDirection": schema.StablehloComparisonDirection,
}  # fmt: skip

TYPES = ("inDataType", "outDataType", "outType", "outputType", "idxOutType", "keyDtype", "valueDtype",
         "quantizedBiasType")  # fmt: skip
"""Fields that hold a tensor type: given by name."""

DEFAULTS = {"strideH": 1, "strideW": 1, "strideD": 1, "depthMultiplier": 1}
"""What a field is when a test says nothing: the schema's zero would be refused."""

_TABLES = {
    name.lower(): (name, union, code)
    for union in (schema.BuiltinOptions, schema.BuiltinOptions2)
    for code, name in names_of(union).items()
    if name != "NONE"
}


def table_of(op: str) -> tuple[str, Any, int] | None:
    """The options table's name, union and code of a builtin op, or None."""
    return _TABLES.get(SPECIAL.get(op, op.replace("_", "") + "Options").lower())


def camel(name: str) -> str:
    """fused_activation_function -> fusedActivationFunction."""
    head, *tail = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def set_options(operator: Any, op: str, keywords: dict[str, Any]) -> None:
    """Fill the options of an OperatorT from keywords; enums by name, subgraphs as what `Model.subgraph` gave."""
    found = table_of(op)
    if found is None:
        if keywords:
            raise TypeError(f"{op} has no options, but was given {sorted(keywords)}")
        return
    table, union, code = found
    options = getattr(schema, table + "T")()
    for name, value in DEFAULTS.items():
        if hasattr(options, name):
            setattr(options, name, value)
    if op == "SOFTMAX":
        options.beta = 1.0
    for keyword, value in keywords.items():
        name = camel(keyword)
        if not hasattr(options, name):
            raise TypeError(f"{table} has no field {name}; it has {sorted(vars(options))}")
        setattr(options, name, _value(name, value))
    if union is schema.BuiltinOptions:
        operator.builtinOptionsType, operator.builtinOptions = code, options
    else:
        operator.builtinOptions2Type, operator.builtinOptions2 = code, options


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return list(flex(value))
    if isinstance(value, str) and name in TYPES:
        return getattr(schema.TensorType, value.upper())
    if isinstance(value, str) and name in ENUMS:
        prefix = "STABLEHLO_COMPARISON_DIRECTION_" if name == "comparisonDirection" else ""
        return getattr(ENUMS[name], prefix + value)
    if hasattr(value, "position"):  # a Graph
        return value.position
    if isinstance(value, (list, tuple)):
        return [v.position if hasattr(v, "position") else v for v in value]
    return value
