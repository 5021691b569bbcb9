"""Hostile ops: sizes, options, subgraphs, states."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance import Model

from .catalogue import hostile

HUGE = 2**31 - 1


def ints(m: Model, *numbers: int) -> Any:
    return m.const(np.array(numbers, np.int32))


@hostile(judged=False)
def a_fill_of_everything(m: Model) -> None:
    y = m.op("FILL", [ints(m, HUGE, HUGE), m.const(1.0)], [m.tensor(shape=[1, 1])])
    m.outputs(m.op("ADD", [y, m.input([1, 1])], [m.tensor(shape=[1, 1])]))


@hostile("FILL (op 0 of subgraph 0): its ONNX node Expand is not valid: its result would have a dimension of -")
def a_fill_below_zero(m: Model) -> None:
    y = m.op("FILL", [ints(m, -1, 2), m.const(1.0)], [m.tensor(shape=[1, 2])])
    m.outputs(m.op("ADD", [y, m.input([1, 1])], [m.tensor(shape=[1, 2])]))


@hostile("RANGE (op 0 of subgraph 0): its step is 0")
def a_range_without_steps(m: Model) -> None:
    y = m.op("RANGE", [m.const(np.int32(0)), m.const(np.int32(5)), m.const(np.int32(0))], [m.tensor("int32", [5])])
    m.outputs(m.op("ADD", [y, m.input([1], "int32")], [m.tensor("int32", [5])]))


@hostile(judged=False)
def a_range_of_everything(m: Model) -> None:
    y = m.op("RANGE", [m.const(np.int32(0)), m.const(np.int32(HUGE)), m.const(np.int32(1))], [m.tensor("int32", [1])])
    m.outputs(m.op("ADD", [y, m.input([1], "int32")], [m.tensor("int32", [1])]))


@hostile("TILE (op 0 of subgraph 0): its ONNX node Tile is not valid: its result would have a dimension of 8,5")
def tiles_of_everything(m: Model) -> None:
    m.outputs(m.op("TILE", [m.const(np.ones([4], np.float32)), ints(m, HUGE)], [m.tensor(shape=[4])]))


@hostile("PAD (op 0 of subgraph 0): its ONNX node Pad is not valid: its result would have a dimension of 4,294")
def pads_of_everything(m: Model) -> None:
    pads = m.const(np.array([[HUGE, HUGE]], np.int32))
    m.outputs(m.op("PAD", [m.const(np.ones([4], np.float32)), pads], [m.tensor(shape=[4])]))


@hostile("PAD (op 0 of subgraph 0): its ONNX node Pad is not valid: its result would have a dimension of -4")
def pads_below_zero(m: Model) -> None:
    m.outputs(m.op("PAD", [m.input([4]), m.const(np.array([[-9, 1]], np.int32))], [m.tensor(shape=[4])]))


@hostile(judged=False)
def a_broadcast_to_everything(m: Model) -> None:
    m.outputs(m.op("BROADCAST_TO", [m.const(np.ones([1], np.float32)), ints(m, HUGE, 4)], [m.tensor(shape=[1])]))


@hostile(judged=False)
def one_hot_of_everything(m: Model) -> None:
    x = [m.const(np.zeros([4], np.int32)), m.const(np.int32(HUGE)), m.const(1.0), m.const(0.0)]
    m.outputs(m.op("ONE_HOT", x, [m.tensor(shape=[4, 1])], axis=-1))


@hostile("RESHAPE (op 0 of subgraph 0): its ONNX node Reshape is not valid: Dimension could not be inferred: i")
def a_reshape_to_nothing_that_fits(m: Model) -> None:
    m.outputs(m.op("RESHAPE", [m.input([2, 3]), ints(m, 7, -1)], [m.tensor(shape=[7, 1])], new_shape=[7, -1]))


@hostile("RESHAPE (op 0 of subgraph 0): its shape [-1, -1] leaves 2 sizes open")
def a_reshape_with_two_open_sizes(m: Model) -> None:
    m.outputs(m.op("RESHAPE", [m.input([2, 3]), ints(m, -1, -1)], [m.tensor(shape=[2, 3])]))


@hostile("RESHAPE (op 0 of subgraph 0): its ONNX node Reshape is not valid: Invalid dimension value: -7")
def a_reshape_below_minus_one(m: Model) -> None:
    m.outputs(m.op("RESHAPE", [m.input([2, 3]), ints(m, -7, 6)], [m.tensor(shape=[1, 6])]))


@hostile("TRANSPOSE (op 0 of subgraph 0): its ONNX node Reshape is not valid: its input [2, 3] has another num")
def an_order_that_is_none(m: Model) -> None:
    m.outputs(m.op("TRANSPOSE", [m.input([2, 3]), ints(m, 5, -9)], [m.tensor(shape=[3, 2])]))


@hostile("TRANSPOSE (op 0 of subgraph 0): its ONNX node Reshape is not valid: its input [2, 3] has another num")
def an_order_with_one_axis_twice(m: Model) -> None:
    m.outputs(m.op("TRANSPOSE", [m.input([2, 3]), ints(m, 0, 0)], [m.tensor(shape=[3, 2])]))


@hostile("CONCATENATION (op 0 of subgraph 0): its ONNX node Concat is not valid: axis must be in [-rank, rank-")
def an_axis_beyond_the_dimensions(m: Model) -> None:
    m.outputs(m.op("CONCATENATION", [m.input([2]), m.input([2])], [m.tensor(shape=[4])], axis=HUGE))


@hostile("SPLIT (op 0 of subgraph 0): it makes 0 parts by its option, and 1 by its outputs")
def parts_of_no_number(m: Model) -> None:
    m.outputs(m.op("SPLIT", [m.const(np.int32(0)), m.input([4])], [m.tensor(shape=[4])], num_splits=0))


@hostile("SPLIT_V (op 0 of subgraph 0): its ONNX node Split is not valid: its result would have a dimension of")
def parts_below_zero(m: Model) -> None:
    sizes, axis = ints(m, -3, 7), m.const(np.int32(0))
    y = m.op("SPLIT_V", [m.input([4]), sizes, axis], [m.tensor(shape=[1]), m.tensor(shape=[3])], num_splits=2)
    m.outputs(y)


@hostile("SLICE (op 0 of subgraph 0): it takes 2147483647 from place 9 on of the 4 along dimension 0")
def a_slice_outside(m: Model) -> None:
    m.outputs(m.op("SLICE", [m.input([4]), ints(m, 9), ints(m, HUGE)], [m.tensor(shape=[4])]))


@hostile("STRIDED_SLICE (op 0 of subgraph 0): its inputs, outputs and options do not fit together")
def a_stride_of_nothing(m: Model) -> None:
    x = [m.input([4]), ints(m, 0), ints(m, 4), ints(m, 0)]
    masks: dict[str, Any] = dict.fromkeys(
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
    )
    m.outputs(m.op("STRIDED_SLICE", x, [m.tensor(shape=[4])], **masks))


@hostile()
def two_ellipses(m: Model) -> None:
    x = [m.input([2, 2]), ints(m, 0, 0), ints(m, 1, 1), ints(m, 1, 1)]
    masks: dict[str, Any] = {
        "begin_mask": HUGE,
        "end_mask": -1,
        "ellipsis_mask": 3,
        "new_axis_mask": HUGE,
        "shrink_axis_mask": -1,
    }
    m.outputs(m.op("STRIDED_SLICE", x, [m.tensor(shape=[2, 2])], **masks))


POOL: dict[str, Any] = {"padding": "VALID", "fused_activation_function": "NONE"}


@hostile("MAX_POOL_2D (op 0 of subgraph 0): its ONNX node MaxPool is not valid: Attribute strides must only co")
def a_pool_without_strides(m: Model) -> None:
    y = m.tensor(shape=[1, 4, 4, 1])
    m.outputs(m.op("MAX_POOL_2D", [m.input([1, 4, 4, 1])], [y], filter_width=2, filter_height=2, stride_w=0,
                   stride_h=0, **POOL))  # fmt: skip


@hostile(judged=False)
def a_pool_of_everything(m: Model) -> None:
    y = m.tensor(shape=[1, 1, 1, 1])
    m.outputs(m.op("AVERAGE_POOL_2D", [m.input([1, 4, 4, 1])], [y], filter_width=HUGE, filter_height=HUGE,
                   stride_w=HUGE, stride_h=HUGE, **{**POOL, "padding": "SAME"}))  # fmt: skip


@hostile("CONV_2D (op 0 of subgraph 0): its ONNX node Conv is not valid: its input has 3 channels, its weights")
def a_convolution_of_more_channels_than_there_are(m: Model) -> None:
    w = m.const(np.ones([2, 1, 1, 5], np.float32))
    m.outputs(m.op("CONV_2D", [m.input([1, 2, 2, 3]), w, None], [m.tensor(shape=[1, 2, 2, 2])], padding="SAME",
                   stride_w=1, stride_h=1, dilation_w_factor=1, dilation_h_factor=1))  # fmt: skip


@hostile(judged=False)
def a_convolution_dilated_by_everything(m: Model) -> None:
    w = m.const(np.ones([1, 3, 3, 1], np.float32))
    m.outputs(m.op("CONV_2D", [m.input([1, 4, 4, 1]), w, None], [m.tensor(shape=[1, 4, 4, 1])], padding="SAME",
                   stride_w=1, stride_h=1, dilation_w_factor=HUGE, dilation_h_factor=HUGE))  # fmt: skip


@hostile("RESIZE_BILINEAR (op 0 of subgraph 0): it makes images of the size 0 x -4")
def a_resize_to_nothing(m: Model) -> None:
    m.outputs(m.op("RESIZE_BILINEAR", [m.input([1, 2, 2, 1]), ints(m, 0, -4)], [m.tensor(shape=[1, 1, 1, 1])]))


@hostile("RFFT2D (op 0 of subgraph 0): the matrix of the transform's columns of shape [2147483647, 1073741824]")
def a_transform_of_no_power_of_two(m: Model) -> None:
    m.outputs(m.op("RFFT2D", [m.input([1, 8, 8]), ints(m, 3, HUGE)], [m.tensor("complex64", [1, 3, 2])]))


@hostile("CUMSUM (op 0 of subgraph 0): its ONNX node CumSum is not valid: its input has 1 dimensions, and none")
def a_table_of_sequences_without_steps(m: Model) -> None:
    m.outputs(m.op("CUMSUM", [m.input([4]), m.const(np.int32(HUGE))], [m.tensor(shape=[4])]))


@hostile("custom op TFLite_Detection_PostProcess (op 0 of subgraph 0): its inputs, outputs and options do not ")
def detections_with_broken_options(m: Model) -> None:
    outs = [m.tensor(shape=s) for s in ([1, 2, 4], [1, 2], [1, 2], [1])]
    x = [m.input([1, 4, 4]), m.input([1, 4, 2]), m.const(np.ones([4, 4], np.float32))]
    m.outputs(m.op("TFLite_Detection_PostProcess", x, outs, custom=b"\xff" * 40))


@hostile("custom op TFLite_Detection_PostProcess (op 0 of subgraph 0): its inputs, outputs and options do not ")
def detections_by_the_million(m: Model) -> None:
    outs = [m.tensor(shape=s) for s in ([1, 2, 4], [1, 2], [1, 2], [1])]
    x = [m.input([1, 4, 4]), m.input([1, 4, 2]), m.const(np.ones([4, 4], np.float32))]
    options = {"max_detections": HUGE, "max_classes_per_detection": -1, "num_classes": 1 << 40, "y_scale": 0.0}
    m.outputs(m.op("TFLite_Detection_PostProcess", x, outs, custom=options))


@hostile("op 0 of subgraph 0 runs subgraph 99; the file has 1")
def a_composite_without_its_subgraph(m: Model) -> None:
    m.outputs(m.op("STABLEHLO_COMPOSITE", [m.input([2])], [m.tensor(shape=[2])], name="odml.x",
                   decomposition_subgraph_index=99))  # fmt: skip


def loop(m: Model, takes: int, gives: int, cond: str = "bool", shape: Any = ()) -> None:
    """A WHILE of two values whose body takes and gives another number."""
    condition, body = m.subgraph("condition"), m.subgraph("body")
    for graph, count in ((condition, 2), (body, takes)):
        for _ in range(count):
            graph.input([2])
    less = condition.const(np.ones(shape, bool if cond == "bool" else np.float32), cond)
    condition.outputs(less)
    body.outputs(*[body.op("RELU", [body.fed[0]], [body.tensor(shape=[2])]) for _ in range(gives)])
    outs = [m.tensor(shape=[2]), m.tensor(shape=[2])]
    m.outputs(m.op("WHILE", [m.input([2]), m.input([2])], outs, cond_subgraph_index=condition,
                   body_subgraph_index=body))  # fmt: skip


@hostile("WHILE (op 0 of subgraph 0): its subgraph body takes 3 inputs and is given 2")
def a_body_that_takes_more(m: Model) -> None:
    loop(m, 3, 2)


@hostile("WHILE (op 0 of subgraph 0): its inputs, outputs and options do not fit together")
def a_body_that_gives_less(m: Model) -> None:
    loop(m, 2, 1)


@hostile("WHILE (op 0 of subgraph 0): Loop takes no float32 as its input 'cond'; cast it to bool first")
def a_condition_that_is_no_condition(m: Model) -> None:
    loop(m, 2, 2, "float32")


@hostile("WHILE (op 0 of subgraph 0): its ONNX node Reshape is not valid: its input [3] has another number of ")
def a_condition_of_many(m: Model) -> None:
    loop(m, 2, 2, shape=(3,))


@hostile("its subgraphs refer to each other without end: op 0 of subgraph 0 runs subgraph 0 (0 > 0)")
def a_loop_whose_body_is_the_model(m: Model) -> None:
    x = m.input([2])
    m.outputs(m.op("WHILE", [x], [m.tensor(shape=[2])], cond_subgraph_index=0, body_subgraph_index=0))


@hostile("its subgraphs run each other 33 deep; 32 are the most")
def subgraphs_forty_deep(m: Model) -> None:
    graphs = [m, *(m.subgraph(f"g{i}") for i in range(40))]
    for number, g in enumerate(graphs):
        c, x, y = g.input([], "bool"), g.input([2]), g.tensor(shape=[2])
        if number == 40:
            g.op("RELU", [x], [y])
        else:
            g.op("IF", [c, c, x], [y], then_subgraph_index=graphs[number + 1], else_subgraph_index=graphs[number + 1])
        g.outputs(y)


@hostile("the whole graph (stage rewriters): a resource variable whose handle is computed")
def a_variable_of_no_name(m: Model) -> None:
    y = m.op("READ_VARIABLE", [m.tensor("resource", [1], variable=True)], [m.tensor(shape=[2])])
    m.outputs(m.op("ADD", [y, m.input([2])], [m.tensor(shape=[2])]))


@hostile("ADD (op 3 of subgraph 0): Add takes inputs of one dtype, not int32 (A) and float32 (B); cast one of ")
def a_variable_assigned_another_type(m: Model) -> None:
    h = m.op("VAR_HANDLE", [], [m.tensor("resource", [])], shared_name="v", container="")
    m.op("ASSIGN_VARIABLE", [h, m.const(np.arange(2, dtype=np.int32))], [])
    y = m.op("READ_VARIABLE", [h], [m.tensor(shape=[2])])
    m.outputs(m.op("ADD", [y, m.input([2])], [m.tensor(shape=[2])]))


@hostile("ASSIGN_VARIABLE takes 2 inputs and makes 0 outputs")
def a_variable_assigned_nothing(m: Model) -> None:
    h = m.op("VAR_HANDLE", [], [m.tensor("resource", [])], shared_name="v", container="")
    m.op("ASSIGN_VARIABLE", [h], [])
    m.outputs(m.op("READ_VARIABLE", [h], [m.tensor(shape=[2])]))


@hostile("HASHTABLE_FIND takes 3 inputs and makes 1 outputs")
def a_table_without_a_default(m: Model) -> None:
    h = m.op("HASHTABLE", [], [m.tensor("resource", [1])], table_id=1, key_dtype="INT64", value_dtype="STRING")
    m.outputs(m.op("HASHTABLE_FIND", [h, m.input([1], "int64"), None], [m.tensor("string", [1])]))


@hostile("the whole graph (stage rewriters): a hash table whose handle is computed")
def a_table_that_is_no_table(m: Model) -> None:
    x = [m.input([1], "int64"), m.input([1], "int64"), m.const(["d"], "string")]
    m.outputs(m.op("HASHTABLE_FIND", x, [m.tensor("string", [1])]))


@hostile("HASHTABLE_FIND (op 2 of subgraph 0): a hash table of 3 keys and 1 values")
def a_table_with_more_keys_than_values(m: Model) -> None:
    h = m.op("HASHTABLE", [], [m.tensor("resource", [1])], table_id=1, key_dtype="int64", value_dtype="string")
    m.op("HASHTABLE_IMPORT", [h, m.const(np.arange(3), "int64"), m.const(["a"], "string")], [])
    x = [h, m.input([1], "int64", low=0, high=3), m.const(["d"], "string")]
    m.outputs(m.op("HASHTABLE_FIND", x, [m.tensor("string", [1])]))


@hostile(judged=False)
def a_flex_op_with_broken_options(m: Model) -> None:
    m.outputs(m.op("FlexSoftplus", [m.input([2])], [m.tensor(shape=[2])], custom=b"\x00\xff\xff\xff"))


@hostile("GATHER (op 0 of subgraph 0): its ONNX node GatherND is not valid: Last dimension of `indices` input ")
def a_gather_of_more_batches_than_there_are(m: Model) -> None:
    x = [m.input([2, 3]), m.input([2], "int32")]
    m.outputs(m.op("GATHER", x, [m.tensor(shape=[2])], axis=0, batch_dims=HUGE))


@hostile("SUM (op 0 of subgraph 0): it has an axis 7, and its input 2 dimensions")
def a_sum_over_axes_that_are_not_there(m: Model) -> None:
    m.outputs(m.op("SUM", [m.input([2, 3]), ints(m, 7, -9)], [m.tensor(shape=[2])], keep_dims=False))


@hostile("UNIDIRECTIONAL_SEQUENCE_LSTM (op 0 of subgraph 0): its forget gate has no weights")
def an_lstm_whose_weights_are_left_out(m: Model) -> None:
    inputs = [m.input([1, 2, 3]), *[None] * 23]
    m.outputs(m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [m.tensor(shape=[1, 2, 4])]))


@hostile("DEPTH_TO_SPACE (op 0 of subgraph 0): its ONNX node DepthToSpace is not valid: its result would have ")
def blocks_to_space_by_everything(m: Model) -> None:
    m.outputs(m.op("DEPTH_TO_SPACE", [m.input([1, 2, 2, 4])], [m.tensor(shape=[1, 4, 4, 1])], block_size=HUGE))


@hostile(judged=False)
def a_signal_of_a_sparse_shape(m: Model) -> None:
    x = [m.input([1, 2], "int32"), ints(m, HUGE, HUGE), m.input([1]), m.const(0.0)]
    m.outputs(m.op("SPARSE_TO_DENSE", x, [m.tensor(shape=[1, 1])]))


@hostile("MAX_POOL_2D (op 0 of subgraph 0): its input has 5 dimensions; it takes 4, as in LiteRT")
def a_pool_of_five_dimensions(m: Model) -> None:
    y = m.tensor("uint8", [1, 2, 2, 3, 1], (0.5, 0))
    m.outputs(m.op("MAX_POOL_2D", [m.input([1, 4, 4, 3, 1], "uint8", (0.5, 0))], [y], filter_width=2,
                   filter_height=2, stride_w=2, stride_h=2, **POOL))  # fmt: skip


@hostile("RESIZE_BILINEAR (op 0 of subgraph 0): its input has 5 dimensions; it takes 4, as in LiteRT")
def a_resize_of_five_dimensions(m: Model) -> None:
    x = m.input([1, 2, 2, 3, 1], "int16", (0.5, 0))
    y = m.tensor("int16", [1, 4, 4, 3, 1], (0.5, 0))
    m.outputs(m.op("RESIZE_BILINEAR", [x, ints(m, 4, 4)], [y], align_corners=False, half_pixel_centers=False))


@hostile("its ONNX node Expand is not valid: Incompatible dimensions")
def values_of_more_places_than_there_are(m: Model) -> None:
    x = [m.input([3], "int32"), ints(m, 5), m.input([2]), m.const(0.0)]
    m.outputs(m.op("SPARSE_TO_DENSE", x, [m.tensor(shape=[5])]))


@hostile("NON_MAX_SUPPRESSION_V5 (op 0 of subgraph 0): it has 4 boxes and 3 scores")
def more_boxes_than_scores(m: Model) -> None:
    numbers = [m.const(np.int32(2)), m.const(0.5), m.const(0.0), m.const(0.5)]
    outs = [m.tensor("int32", [2]), m.tensor(shape=[2]), m.tensor("int32", [])]
    m.outputs(m.op("NON_MAX_SUPPRESSION_V5", [m.input([4, 4]), m.input([3]), *numbers], outs))


@hostile("MULTINOMIAL (op 0 of subgraph 0): it draws less than no samples")
def samples_below_zero(m: Model) -> None:
    m.outputs(m.op("MULTINOMIAL", [m.input([1, 4]), m.const(np.int32(-3))], [m.tensor("int64", [1, 3])]))
