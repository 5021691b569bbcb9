"""Of the rewriters."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
    Mutation(
        "rewriters/fused_activation.py",
        "min(highest, zero_point + _steps(real_high, scale))",
        "highest",
        "the upper bound of a RELU6 of codes",
        f"{C}test_elementwise_binary.py {C}test_conv.py {C}test_pool.py -k activation and 18",
    ),
    Mutation(
        "rewriters/fused_activation.py",
        "int(round_away(np.float32(real) / np.float32(scale)))",
        "int(np.float32(real) / np.float32(scale))",
        "how the bound of RELU_N1_TO_1 is rounded",
        "tests/rewriters/test_fused_activation.py",
    ),
    Mutation(
        "rewriters/transpose_conv.py",
        "[:, ::-1, :, ::-1]",
        "[:, ::-1, :, :]",
        "the weights of a transposed convolution are turned in one direction only",
        "tests/rewriters/test_transpose_conv.py",
    ),
    Mutation(
        "rewriters/upsampling.py",
        ".repeat(factors[0], 0).repeat(factors[1], 1)",
        ".repeat(factors[1], 0).repeat(factors[0], 1)",
        "factors of rows and columns exchanged",
        "tests/rewriters/test_upsampling.py",
    ),
    Mutation(
        "rewriters/complex_parts.py",
        'for part in ("REAL", "IMAG")',
        'for part in ("REAL", "REAL")',
        "the imaginary part of what moves",
        f"{C}test_signal_fft.py",
    ),
    Mutation(
        "rewriters/flex_builtin.py",
        '"adj_y": d.get("transpose_b", False)',
        '"adj_y": False',
        "FlexMatMul's second transposition",
        f"{C}test_flex_arrays.py -k MatMul",
    ),
    Mutation(
        "rewriters/quantization/batch.py",
        'not in (0, -1 - size)\n    if node.op_type == "SPLIT"',
        'is not None\n    if node.op_type == "SPLIT"',
        "EXPAND_DIMS before the batch",
        "tests/rewriters/test_batch.py",
    ),
    Mutation(
        "rewriters/quantization/dynamic_range.py",
        "alone = is_one(x) or (",
        "alone = True or (",
        "each batch has a range of its own",
        f"{C}test_conv.py tests/rewriters/test_hybrid.py -k hybrid",
    ),
    Mutation(
        "rewriters/empty.py",
        'limits.min if op_type == "REDUCE_MAX" else limits.max',
        'limits.max if op_type == "REDUCE_MAX" else limits.min',
        "what a REDUCE_MAX of nothing starts from",
        f"{C}test_reduce.py -k empty",
    ),
    Mutation(
        "rewriters/dimension/along.py",
        "replace(given[0], axis=given[0].axis - sum(a < given[0].axis for a in gone))",
        "given[0]",
        "dimensions before the one that changes are reduced",
        "tests/rewriters/test_changed_dimension.py",
    ),
    Mutation(
        "rewriters/dimension/shapes.py",
        "else replace(given[0], axis=given[0].axis - sum(d < given[0].axis for d in gone))",
        "else given[0]",
        "dimensions before the one that changes are squeezed",
        "tests/rewriters/test_changed_dimension.py",
    ),
    Mutation(
        "rewriters/dimension/windows.py",
        "return replace(given[0], axis=axis - sum(shrunk >> a & 1 for a in range(axis)))",
        "return given[0]",
        "dimensions before the one that changes are taken out",
        "tests/rewriters/test_changed_dimension.py",
    ),
    Mutation(
        "rewriters/dimension/windows.py",
        "given[0] if not pads[given[0].axis].any() else",
        "given[0] if True else",
        "the dimension that changes is padded",
        "tests/rewriters/test_changed_dimension.py",
    ),
    Mutation(
        "rewriters/dimension/moves.py",
        'if state.axis == attr(node, "axis", 0) % len(shape):',
        "if False:",
        "the dimension that changes is joined",
        "tests/rewriters/test_changed_dimension.py",
    ),
    Mutation(
        "rewriters/quantization/survey.py",
        "elif 6 < high <= 6 + scale / 2:",
        "elif 6 < high <= 6 + scale * 2:",
        "ranges that end well above six are counted as those that end at it",
        "tests/rewriters/test_dequantize.py",
    ),
    Mutation(
        "rewriters/dimension/moves.py",
        "axis=data.axis - 1 + len(shapes[1])",
        "axis=data.axis",
        "dimensions that a GATHER adds before the one that changes",
        "tests/rewriters/test_batch_behind.py -k gathered",
    ),
    Mutation(
        "rewriters/quantization/infer_relu.py",
        " or bounds(user.inputs[1 - index])[0] < 0:",
        ":",
        "what is added may be negative",
        "tests/rewriters/test_dequantize.py",
    ),
]
