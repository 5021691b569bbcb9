"""Cases of Flex ops, tried over opsets with known and with unknown sizes; TensorFlow is the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from . import Model, check
from .against import given_reference, newest_opset
from .encoding import Array
from .flex_models import Case, Fed, packed

OPSETS = (13, 18, newest_opset())


def model_of(
    op: str,
    inputs: Sequence[Fed],
    outputs: Sequence[Array],
    definition: bytes,
    *,
    unknown: bool = False,
    name: str = "",
) -> Model:
    """A TFLite model of the op.

    unknown: whether the file says only how many dimensions there are. name: the custom op's, where it is no Flex op.
    """
    m = Model()
    given = []
    for key, value in inputs:
        signature: dict[str, Any] = (
            {"signature": [-1] * value.ndim, "feed": list(value.shape)} if unknown and value.ndim else {}
        )
        shape = [1] * value.ndim if signature else list(value.shape)
        values: dict[str, Any] = {"values": value.ravel().tolist() if value.dtype == object else value}
        given.append(
            m.const(np.asarray(value), dtype_of(value))
            if key.endswith("=")
            else m.input(shape, dtype_of(value), **signature, **values)
        )
    made = []
    for value in outputs:
        free = unknown and value.ndim > 0
        extra: dict[str, Any] = {"shapeSignature": [-1] * value.ndim} if free else {}
        made.append(m.tensor(dtype_of(value), [1] * value.ndim if free else list(value.shape), **extra))
    m.op(name or f"Flex{op}", given, made, custom=packed(op, definition))
    return m.outputs(*made)


def dtype_of(value: Any) -> str:
    return "string" if value.dtype.kind in "OSU" else value.dtype.name


def computed(op: str, inputs: Sequence[Fed], attrs: dict[str, Any]) -> tuple[list[Array], bytes]:
    """What TensorFlow computes, and the NodeDef that it writes; a name that ends with "*" is a list of tensors."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        given: dict[str, Any] = {}
        for name, value in inputs:
            tensor, key = tf.constant(value), name.rstrip("=*")
            if name.endswith("*"):
                given.setdefault(key, []).append(tensor)
            else:
                given[key] = tensor
        made = tf.nest.flatten(getattr(tf.raw_ops, op)(**given, **attrs))
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        with tf.compat.v1.Session(graph=graph, config=config) as session:
            return [np.asarray(v) for v in session.run(made)], made[0].op.node_def.SerializeToString()


def tried(case: Case, opsets: Iterable[int] = OPSETS, *, unknown: Sequence[bool] = (False, True), **how: Any) -> None:
    """Convert the case's op and compare with TensorFlow."""
    op, inputs, attrs = case
    outputs, definition = computed(op, [(n, np.asarray(v)) for n, v in inputs], attrs)
    for free in unknown:
        model = model_of(op, [(n, np.asarray(v)) for n, v in inputs], outputs, definition, unknown=free)
        for opset in opsets:
            check(model, opset=opset, ref=given_reference(model, outputs, "TensorFlow"), **how)
