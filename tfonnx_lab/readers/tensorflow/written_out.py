"""Ops that TFLite's converter gets wrong, written out as ops of TensorFlow that it gets right.

IsInf becomes a comparison with the largest finite number; quantize_and_dequantize has another range; l2_normalize over
all axes becomes one over the last. On quantize_and_dequantize of each channel it crashes, and on matrices of a band of
diagonals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfonnx_lab.readers.tensorflow.bands import INTEGERS, written_band
from tfonnx_lab.readers.tensorflow.fake_quant import FAKE_QUANT, fake_quant, fits_a_quantizer, settle_tie

Written = Callable[..., Any]
"""(tensorflow, the node, its inputs) => a tensor that is the same."""


def write_out(graph: Any, concrete: Any) -> None:
    """Change a GraphDef in place.

    concrete: the function that it is of, which knows ranks.
    """
    import tensorflow as tf

    known = {node.name: node for node in graph.node}
    for node in list(graph.node):
        made = _WRITTEN.get(node.op)
        if node.op in FAKE_QUANT:
            if fits_a_quantizer(known, node):
                settle_tie(graph, known, node)
                continue
            node.attr["T"].type = 1  # which its definition leaves out
            _replace(graph, node, fake_quant)
        elif (band := written_band(tf, known, node)) is not None and _rank(concrete, node) is not None:
            _replace(graph, node, band, _rank(concrete, node), INTEGERS)
        elif made is not None and _dtype(node) is not None and (_of_all(node) or _rank(concrete, node) is not None):
            _replace(graph, node, made, _rank(concrete, node))
        elif node.op == "ResizeBilinear" and node.attr["T"].type != _FLOAT and _rank(concrete, node) is not None:
            _replace(graph, node, _resized, _rank(concrete, node), (1,))
        elif _is_product_of_codes(concrete, node):
            _replace(graph, node, _product_of_codes, _rank(concrete, node))
        elif node.op == "Square" and _all_axes(known, graph, node):
            _replace(graph, node, lambda tf, node, x: tf.square(tf.abs(x)))


def _dtype(node: Any) -> Any:
    return next((node.attr[key].type for key in ("T", "dtype", "Ta") if key in node.attr), None)


def _of_all(node: Any) -> bool:
    """Whether one range is meant for the whole tensor, and not one for each channel."""
    return "axis" not in node.attr or node.attr["axis"].i == -1


def _rank(concrete: Any, node: Any, k: int = 0) -> int | None:
    """How many dimensions the node's input `k` has, where that is known."""
    try:
        rank = concrete.graph.get_operation_by_name(node.name).inputs[k].shape.rank
    except (KeyError, ValueError, AttributeError, IndexError):
        return None
    return None if rank is None else int(rank)


def _all_axes(known: Mapping[str, Any], graph: Any, square: Any) -> bool:
    """Whether a sum over several axes reads the squares: the converter takes it for one over the last axis."""
    for node in graph.node:
        if node.op == "Sum" and node.input and node.input[0].split(":")[0] == square.name:
            axes = known.get(node.input[1].split(":")[0])
            if axes is not None and axes.op == "Const":
                dims = axes.attr["value"].tensor.tensor_shape.dim
                if dims and dims[0].size > 1:
                    return True
    return False


_FLOAT, _INT8, _INT32 = 1, 6, 3


def _is_product_of_codes(concrete: Any, node: Any) -> bool:
    """Whether it multiplies int8 by a matrix of int8 into int32, as Keras's layers of `model.quantize("int8")` do."""
    kinds = [node.attr[key].type for key in ("Ta", "Tb", "Tout") if key in node.attr]
    known = node.op == "BatchMatMulV3" and kinds == [_INT8, _INT8, _INT32]
    return known and not node.attr["adj_x"].b and (_rank(concrete, node) or 0) > 1 and _rank(concrete, node, 1) == 2


def _replace(graph: Any, node: Any, made: Written, rank: int | None = None, integers: Sequence[int] = ()) -> None:
    """The node by an Identity of what the function makes of its inputs, the first of which has this rank; those at
    `integers` are int32."""
    import tensorflow as tf

    sources = [i for i in node.input if not i.startswith("^")]
    kind = tf.dtypes.as_dtype(_dtype(node))
    with tf.Graph().as_default() as inner:
        shapes = [None if rank is None else [None] * rank, *[None] * len(sources)]
        kinds = [tf.int32 if k in integers else kind for k in range(len(sources))]
        given = [tf.compat.v1.placeholder(kinds[k], shapes[k], name=f"given_{k}") for k in range(len(sources))]
        result = made(tf, node, *given)
        names = {f"given_{k}": source for k, source in enumerate(sources)}
        for part in inner.as_graph_def().node:
            if part.name in names:
                continue
            new = graph.node.add()
            new.CopyFrom(part)
            new.name = f"{node.name}/{part.name}"
            del new.input[:]
            new.input.extend(_outer(node.name, names, i) for i in part.input)
    waits = [i for i in node.input if i.startswith("^")]
    node.op = "Identity"
    del node.input[:]
    node.input.extend([f"{node.name}/{result.name.removesuffix(':0')}", *waits])
    node.attr.clear()
    node.attr["T"].type = result.dtype.as_datatype_enum


def _outer(prefix: str, names: Mapping[str, str], source: str) -> str:
    """The name of a node of the written out op in the graph around it."""
    plain = source.lstrip("^")
    if plain in names:
        return names[plain]
    return f"^{prefix}/{plain}" if source.startswith("^") else f"{prefix}/{plain}"


def _is_inf(tf: Any, node: Any, x: Any) -> Any:
    """Twice itself and not zero."""
    return tf.logical_and(tf.equal(x + x, x), tf.not_equal(x, tf.zeros([], x.dtype)))


def _quantized(tf: Any, node: Any, x: Any, low: Any = None, high: Any = None, *rest: Any) -> Any:
    """Source: QuantizeAndDequantizeOneScaleImpl in quantize_and_dequantize_op.h."""
    signed, narrow = (node.attr[name].b for name in ("signed_input", "narrow_range"))
    bits = node.attr["num_bits"].i or 8
    steps = 2 ** (bits - 1) if signed else 2**bits
    least, most = (-(steps - 1) if narrow else -steps) if signed else 0, steps - 1
    given = node.attr["range_given"].b
    own = None if _of_all(node) else node.attr["axis"].i  # the axis whose slices have a range each
    if not given:
        others = None if own is None else [k for k in range(x.shape.rank) if k != own]
        low, high = (by(x, others, keepdims=own is not None) for by in (tf.reduce_min, tf.reduce_max))
    elif own is not None:
        low, high = (tf.reshape(v, [-1, *[1] * (x.shape.rank - own - 1)]) for v in (low, high))
    huge = tf.constant(x.dtype.max, x.dtype)
    few = tf.constant(float(least), x.dtype)
    many = tf.constant(float(most), x.dtype)
    one = tf.ones([], x.dtype)
    from_low = tf.where(few * low > 0, few / tf.where(tf.equal(low, 0), one, low), huge)
    from_high = tf.where(many * high > 0, many / tf.where(tf.equal(high, 0), one, high), huge)
    lower = from_low < from_high
    scale = tf.minimum(from_low, from_high)
    size = tf.where(lower, low / tf.where(tf.equal(few, 0), one, few), high / many)
    if given:
        x = tf.clip_by_value(x, tf.where(lower, low, few * size), tf.where(lower, many * size, high))
    scaled = x * scale
    up = node.attr["round_mode"].s == b"HALF_UP"
    return (tf.floor(scaled + tf.constant(0.5, x.dtype)) if up else tf.round(scaled)) * size


def _product_of_codes(tf: Any, node: Any, x: Any, weights: Any) -> Any:
    """By a batch of one matrix: of a product by a constant matrix the converter makes FULLY_CONNECTED, and refuses the
    file for its int32."""
    flat = x.shape.rank == 2
    product = tf.raw_ops.BatchMatMulV3(
        x=x[None] if flat else x, y=weights[None], Tout=tf.int32, adj_x=False, adj_y=node.attr["adj_y"].b
    )
    return tf.squeeze(product, 0) if flat else product


def _resized(tf: Any, node: Any, x: Any, size: Any) -> Any:
    """TensorFlow's result is float32, whatever it enlarges; TFLite's is of the type of its input."""
    kinds = {key: node.attr[key].b for key in ("align_corners", "half_pixel_centers")}
    return tf.raw_ops.ResizeBilinear(images=tf.cast(x, tf.float32), size=size, **kinds)


_WRITTEN: dict[str, Written] = {
    "IsInf": _is_inf,
    "QuantizeAndDequantizeV2": _quantized,
    "QuantizeAndDequantizeV4": _quantized,
}
"""Op => what it is."""
