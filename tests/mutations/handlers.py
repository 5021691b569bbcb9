"""Of the handlers."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
    Mutation(
        "handlers/conv.py",
        "op.Transpose(w, perm=[0, 3, 1, 2])",
        "op.Transpose(w, perm=[0, 3, 2, 1])",
        "height and width of weights exchanged",
        f"{C}test_conv.py -k conv_2d and 18",
    ),
    Mutation(
        "handlers/lowering/groups.py",
        "group_of_output = op.Div(op.Mul(op.const(list(range(outputs))), count), op.const(outputs))",
        "group_of_output = op.Mod(op.const(list(range(outputs))), count)",
        "which group an output belongs to",
        f"{C}test_conv.py -k unknown_channels",
    ),
    Mutation(
        "handlers/lowering/layout.py",
        "[total // 2 for total in known] + [total - total // 2 for total in known]",
        "[total - total // 2 for total in known] + [total // 2 for total in known]",
        "the odd element of SAME padding",
        f"{C}test_conv.py {C}test_pool.py -k 18",
    ),
    Mutation(
        "handlers/slice.py",
        "return _END if first == -1 else first + 1",
        "return first + 1",
        "the last element, shrunk",
        f"{C}test_slice_pad.py",
    ),
    Mutation(
        "handlers/slice.py",
        "if isinstance(size, int) and isinstance(first, int) and first >= -size:",
        "if isinstance(first, int):",
        "a slice back from before the first element",
        f"{C}test_slice_pad.py",
    ),
    Mutation(
        "handlers/reduce.py",
        "count = op.Max(count, op.const(1))",
        "count = op.Max(count, op.const(2))",
        "the mean of one integer of unknown many",
        f"{C}test_reduce.py -k unknown_rows",
    ),
    Mutation(
        "handlers/detection.py",
        "np.nextafter(known.astype(np.float32).reshape(1), np.float32(-np.inf))",
        "known.astype(np.float32).reshape(1)",
        "boxes that overlap by exactly the limit",
        f"{C}test_detection_custom.py -k at_the",
    ),
    Mutation(
        "handlers/detection.py",
        'np.nextafter(np.float32(options["nms_score_threshold"]), np.float32(-np.inf))',
        'np.float32(options["nms_score_threshold"])',
        "scores of exactly the threshold",
        f"{C}test_detection_custom.py -k at_the",
    ),
    Mutation(
        "handlers/gather.py",
        "batch = batch_dims + wide if batch_dims < 0 else batch_dims",
        "batch = abs(batch_dims)",
        "batch dimensions counted from the end",
        f"{C}test_gather_scatter.py -k from_the_end",
    ),
    Mutation(
        "handlers/resize.py",
        "np.floor(position + np.float32(0.5)) if align else",
        "np.floor(position) if align else",
        "rounding of nearest neighbours at aligned corners",
        f"{C}test_resize.py -k 18",
    ),
    Mutation(
        "handlers/dynamic_range.py",
        "list(range(1, rank_of(x))), False)\n    scale = op.Max(op.Div(op.Sub(high, low), _F(255)), _TINY)\n"
        "    zero = op.QuantizeLinear(low, op.Neg(scale), axis=0)",
        "list(range(1, rank_of(x))), False)\n    scale = op.Max(op.Div(op.Sub(high, low), _F(255)), _TINY)\n"
        "    zero = op.QuantizeLinear(low, scale, axis=0)",
        "the zero point of rows",
        f"{C}test_fully_connected_matmul.py tests/rewriters/test_hybrid.py",
    ),
    Mutation(
        "handlers/lowering/product_of_codes.py",
        "if all(d == 1 for d in taken):",
        "if not taken:",
        "a product over dimensions of one is rescaled",
        f"{C}test_reduce.py -k overflow",
    ),
    Mutation(
        "handlers/flex/elementwise.py",
        '"Mod": lambda op, a, b: op.Mod(a, b, fmod=1)',
        '"Mod": lambda op, a, b: op.Mod(a, b, fmod=0)',
        "FlexMod's sign",
        f"{C}test_flex_builtin.py -k Mod",
    ),
    Mutation(
        "handlers/custom/mediapipe.py",
        "place = op.Add(op.Mul(place, op.const(channels)), op.const(np.arange(channels)))",
        "place = op.Mul(place, op.const(channels))",
        "the channel in a place of MaxPoolWithArgmax",
        f"{C}test_custom_ops.py -k argmax",
    ),
    Mutation(
        "handlers/recurrent/lstm_cell.py",
        "_ONNX = (0, 3, 1, 2)",
        "_ONNX = (0, 3, 2, 1)",
        "the order of an LSTM's gates",
        f"{C}test_recurrent.py -k lstm and float32 and 18",
    ),
    Mutation(
        "handlers/flex/sparse.py",
        "return [op.Sub(op.Compress(at, kept, axis=0), start),",
        "return [op.Compress(at, kept, axis=0),",
        "places of a slice count from its start",
        f"{C}test_flex_sparse.py -k SparseSlice",
    ),
    Mutation(
        "handlers/flex/windows.py",
        "op.Mul(line, op.Mul(pixels, channels))",
        "op.Mul(line, pixels)",
        "the batch in a place of FlexMaxPoolWithArgmax",
        f"{C}test_flex_windows.py -k Argmax",
    ),
    Mutation(
        "handlers/flex/windows.py",
        "first = explicit[axis] if explicit else total // 2",
        "first = explicit[axis] if explicit else total - total // 2",
        "the odd element of an undone convolution's padding",
        f"{C}test_flex_windows.py -k Backprop",
    ),
    Mutation(
        "handlers/flex/segment.py",
        'op.Sqrt(by) if kind == "SqrtN" else by',
        "by",
        "FlexSparseSegmentSqrtN's divisor",
        f"{C}test_flex_segment.py -k SqrtN",
    ),
]
