"""Models of one Flex (select TensorFlow) op, with TensorFlow itself as the reference: LiteRT cannot run them here.

A case is an op of `tf.raw_ops`, its inputs and attributes. TensorFlow says what it computes, and writes the NodeDef
that goes into the model.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from flatbuffers import flexbuffers

from . import Model, check
from .against import given_reference, newest_opset
from .cases import refusal
from .encoding import Array
from .simple import made

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Fed = tuple[str, Array | np.generic]
"""How TensorFlow's op names an input, and its value; a name that ends with "=" is a constant of the model."""
Case = tuple[str, Sequence[Fed], dict[str, Any]]
OLDEST = {"TensorScatterAdd": 16, "TensorScatterSub": 16, "TensorScatterMax": 18, "TensorScatterMin": 18}
"""Ops that ONNX has from this opset on."""


def x(*shape: int, low: float = -2, high: float = 2, dtype: str = "float32") -> Array:
    """Made-up numbers."""
    return made(list(shape), dtype, low, high)


def ints(*values: int, dtype: str = "int32") -> Array:
    return np.array(values, dtype)


def name_of(case: Case) -> str:
    op, inputs, attrs = case
    shapes = "-".join(f"{v.dtype}x{list(v.shape)}" for _, v in inputs[:2])
    return f"{op}-{shapes}-{','.join(f'{k}={v}' for k, v in attrs.items())}"[:90]


def asked(op: str, inputs: Sequence[Fed], attrs: dict[str, Any]) -> tuple[list[Array], bytes]:
    """What TensorFlow computes, and the NodeDef that it writes."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        given: dict[str, Any] = {}
        for name, value in inputs:
            tensor = tf.constant(value)
            key = name.rstrip("=")
            known = given.get(key)
            given[key] = tensor if known is None else [*(known if isinstance(known, list) else [known]), tensor]
        function = getattr(tf.raw_ops, op)
        if "x" in given and "x" not in inspect.signature(function).parameters:
            given = {next(iter(inspect.signature(function).parameters)): given.pop("x"), **given}
        made = function(**given, **attrs)
        outputs = list(made) if isinstance(made, (list, tuple)) else [made]
        node = outputs[0].op.node_def
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True  # it folds constants, some wrongly
        with tf.compat.v1.Session(graph=graph, config=config) as session:
            return [np.asarray(v) for v in session.run(outputs)], node.SerializeToString()


def model_of(op: str, inputs: Sequence[Fed], outputs: list[Array], definition: bytes) -> Model:
    """A TFLite model of the Flex op."""
    m = Model()
    tensors = [
        m.const(v, v.dtype.name) if n.endswith("=") else m.input(list(v.shape), v.dtype.name, values=v)
        for n, v in inputs
    ]
    made = [m.tensor(v.dtype.name, list(v.shape)) for v in outputs]
    m.op(f"Flex{op}", tensors, made, custom=packed(op, definition))
    return m.outputs(*made[: given_back(op)])


def given_back(op: str) -> int:
    """How many of an op's outputs are the model's: the others are for training."""
    return 3 if op.startswith("FusedBatchNorm") else 9


def packed(op: str, definition: bytes) -> bytes:
    """A flexbuffer of the op's name and its NodeDef."""
    builder = flexbuffers.Builder()
    with builder.Vector():
        builder.String(op)
        builder._WriteBlob(definition, append_zero=True, type_=flexbuffers.Type.STRING)  # String() takes text only
    return bytes(builder.Finish())


def definition_of(op: str, **given: Any) -> bytes:
    """The NodeDef that TensorFlow writes for an op."""
    import tensorflow as tf

    with tf.Graph().as_default():
        made = getattr(tf.raw_ops, op)(**given)
        node = made if isinstance(made, tf.Operation) else (made[0] if isinstance(made, (list, tuple)) else made).op
        return bytes(node.node_def.SerializeToString())


def run(case: Case) -> None:
    """Convert the case's op at four opsets and compare with TensorFlow."""
    op, inputs, attrs = case
    outputs, definition = asked(op, inputs, attrs)
    model = model_of(op, inputs, outputs, definition)
    for opset in [13, 18, 21, newest_opset()]:
        if opset < (oldest := OLDEST.get(op, 13)):
            with refusal(f"from opset {oldest} on"):
                check(model, opset=opset, ref=given_reference(model, outputs, "TensorFlow"))
            continue
        check(model, opset=opset, ref=given_reference(model, outputs[: given_back(op)], "TensorFlow"))
