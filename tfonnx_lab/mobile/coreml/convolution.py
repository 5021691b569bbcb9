"""CoreML rows of convolutions."""

from __future__ import annotations

from tfonnx_lab.mobile.coreml.rules import (
    DEFAULT,
    FLOAT,
    HALF,
    NETWORK,
    PROGRAM,
    Ask,
    CheckDies,
    Row,
    program_only,
    rule,
)

CONV = "impl/conv_op_builder.cc"
TRANSPOSED = "impl/convtranspose_op_builder.cc"

LIMIT = 16384
"""The largest dimension of a tensor around a convolution (helper.cc, CheckShapeForConvMemoryLimit)."""

ACTIVATIONS = {"Relu": 0, "Sigmoid": 0, "Tanh": 0, "LeakyRelu": 1, "Clip": 2, "HardSigmoid": 2}
"""Activations of a FusedConv with their number of parameters."""


@rule("make the weights an initializer")
def weight_constant(ask: Ask) -> str:
    """W is a constant initializer."""
    return "" if ask.is_constant(1) else f"the weights {ask.name(1)!r} are no constant initializer"


@rule()
def conv_sizes(ask: Ask) -> str:
    """no dimension of W, X or the output is above 16384."""
    for name in (ask.name(1), ask.name(0), ask.node.outputs[0]):
        shape = ask.dims(name)
        if shape is None:
            return f"the shape of {name!r} is not known"
        if max(shape, default=0) > LIMIT:
            return f"{name!r} has shape {shape}; no dimension may be above {LIMIT}"
    return ""


@rule()
def conv_rank(ask: Ask) -> str:
    """it is a 1-D or 2-D convolution (W of rank 3 or 4)."""
    rank = len(ask.shape(1))
    return "" if rank in (3, 4) else f"it is a {rank - 2}-D convolution"


@rule("make the bias an initializer")
def bias_constant(ask: Ask) -> str:
    """the bias, where there is one, is a constant initializer."""
    return "" if ask.count < 3 or ask.is_constant(2) else f"the bias {ask.name(2)!r} is no constant initializer"


@rule("CoreML 6, or explicit pads")
def conv_same_lower(ask: Ask) -> str:
    """auto_pad is not SAME_LOWER below CoreML 6."""
    lower = ask.version < 6 and ask.get("auto_pad", "NOTSET") == "SAME_LOWER"
    return f"auto_pad SAME_LOWER needs CoreML 6, not {ask.version}" if lower else ""


@rule()
def kernel_is_weights(ask: Ask) -> str:
    """kernel_shape, where given, equals W's own."""
    kernel, own = ask.get("kernel_shape", None), list(ask.shape(1)[2:])
    return "" if kernel is None or list(kernel) == own else f"kernel_shape is {list(kernel)}, W's is {own}"


@rule()
def fused_inputs(ask: Ask) -> str:
    """it has no input Z, which would be added before the activation."""
    return "" if ask.count <= 3 else "it has the input Z, which the provider would lose"


@rule("optimize below ORT_ENABLE_EXTENDED, which makes no FusedConv")
def fused_activation(ask: Ask) -> str:
    """the activation is Relu, Sigmoid, Tanh (no parameter), LeakyRelu (1), Clip or HardSigmoid (2)."""
    name, given = ask.get("activation", ""), len(ask.get("activation_params", ()))
    if name not in ACTIVATIONS:
        return f"the activation {name!r} is not known"
    return "" if given == ACTIVATIONS[name] else f"{name} has {given} activation_params, not {ACTIVATIONS[name]}"


@rule()
def transposed_sizes(ask: Ask) -> str:
    """no dimension of W or X is above 16384."""
    shapes = (ask.shape(1), ask.shape(0))
    return "" if all(max(s, default=0) <= LIMIT for s in shapes) else f"a dimension is above {LIMIT}"


@rule("write explicit pads, all of the same size")
def transposed_pads(ask: Ask) -> str:
    """auto_pad is not SAME_UPPER or SAME_LOWER; with NOTSET, pads are given and all equal.

    Without the attribute the check dereferences an absent optional (line 161 of 1.27): the process dies.
    """
    auto = ask.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return f"auto_pad {auto} is not written"
    if auto == "VALID":
        return ""
    pads = ask.get("pads", None)
    if pads is None:
        raise CheckDies("the check of ConvTranspose reads the attribute pads, which is absent: the process dies")
    return "" if len(set(pads)) == 1 else f"the pads {list(pads)} are not all equal"


@rule()
def transposed_output(ask: Ask) -> str:
    """there is no output_shape, and output_padding is 0."""
    if ask.get("output_shape", None) is not None:
        return "output_shape is given"
    padding = list(ask.get("output_padding", ()))
    return f"output_padding is {padding}" if any(padding) else ""


_CONV = (conv_sizes, conv_rank, bias_constant)

ROWS: tuple[Row, ...] = (
    Row("Conv", PROGRAM, CONV, DEFAULT, (*_CONV, conv_same_lower, kernel_is_weights)),
    Row("Conv", NETWORK, CONV, FLOAT, (weight_constant, *_CONV, kernel_is_weights)),
    *program_only(
        "FusedConv",
        CONV,
        fused_inputs,
        fused_activation,
        *_CONV,
        conv_same_lower,
        kernel_is_weights,
        types=HALF,
    ),
    *program_only(
        "ConvTranspose",
        TRANSPOSED,
        weight_constant,
        bias_constant,
        transposed_sizes,
        transposed_pads,
        kernel_is_weights,
        transposed_output,
    ),
)
