"""TensorFlow's fake quantization, where TFLite's converter gets it wrong or refuses it: as arithmetic.

Of 8 bits and one constant range it becomes QUANTIZE and DEQUANTIZE, which is right and stays quantized in ONNX.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

FAKE_QUANT = frozenset(("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"))


def fits_a_quantizer(known: Mapping[str, Any], node: Any) -> bool:
    """Whether the converter makes QUANTIZE and DEQUANTIZE of it: of 8 bits and constant ranges; of weights also with
    a narrow range, or one for each channel, which it takes for an activation's whole one.

    known: the graph's nodes by name.
    """
    if node.attr["num_bits"].i not in (0, 8):
        return False
    if not all(_is_constant(known, source) for source in node.input[1:] if not source.startswith("^")):
        return False
    if _is_constant(known, node.input[0]):
        return True
    return not node.attr["narrow_range"].b and not node.op.endswith("PerChannel")


def _is_constant(known: Mapping[str, Any], source: str) -> bool:
    node = known.get(source.split(":")[0])
    while node is not None and node.op == "Identity":
        node = known.get(node.input[0].split(":")[0])
    return node is not None and node.op == "Const"


def settle_tie(graph: Any, known: Mapping[str, Any], node: Any) -> None:
    """Give an op whose zero lies in the middle of two steps (as of the range from -2 to 2) the range that TensorFlow
    moves it to: the converter rounds the other way."""
    import tensorflow as tf

    if node.op.endswith("PerChannel"):
        return
    if node.op.endswith("Args"):
        low, high = (node.attr[key].f for key in ("min", "max"))
    else:
        low, high = (_number(tf, known, source) for source in node.input[1:3])
    least, most = np.float32(node.attr["narrow_range"].b), np.float32(255)
    scale = (np.float32(high) - np.float32(low)) / (most - least)  # in 32 bits, as TensorFlow computes it
    zero = least - np.float32(low) / scale if scale else least
    if abs(zero % 1 - 0.5) > 1e-3 or not least < zero < most:
        return
    moved = [float((bound - np.round(zero)) * scale) for bound in (least, most)]
    if node.op.endswith("Args"):
        node.attr["min"].f, node.attr["max"].f = moved
        return
    for k, value in enumerate(moved):
        made = graph.node.add(name=f"{node.name}/moved_{k}", op="Const")
        made.attr["dtype"].type = 1
        made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype=tf.float32))
        node.input[1 + k] = made.name


def _number(tf: Any, known: Mapping[str, Any], source: str) -> float:
    node = known[source.split(":")[0]]
    while node.op == "Identity":
        node = known[node.input[0].split(":")[0]]
    return float(tf.make_ndarray(node.attr["value"].tensor))


def fake_quant(tf: Any, node: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    """Rounded to the nearest of 2^bits steps between low and high, moved so that zero is one of them.

    Source: Nudge and FakeQuantWithMinMaxVarsFunctor in fake_quant_ops_functor.h.
    """
    if low is None:
        low, high = (tf.constant(node.attr[key].f, tf.float32) for key in ("min", "max"))
    least = 1.0 if node.attr["narrow_range"].b else 0.0
    most = float(2 ** (node.attr["num_bits"].i or 8) - 1)
    nothing = tf.logical_and(tf.equal(low, 0.0), tf.equal(high, 0.0))
    scale = tf.where(nothing, tf.ones_like(low), (high - low) / (most - least))
    zero = tf.clip_by_value(tf.floor(least - low / scale + 0.5), least, most)
    from_, to = (least - zero) * scale, (most - zero) * scale
    steps = tf.floor((tf.clip_by_value(x, from_, to) - from_) / scale + 0.5)
    return tf.where(nothing, tf.zeros_like(x), steps * scale + from_)
