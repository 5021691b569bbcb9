"""One small model for each Keras layer and option that matters: `CASES`, for `keras_layers.py`. Those of text, sound
and pictures are in `keras_cases_input.py`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from keras_case import BY_RANK, IMAGE, SEQUENCE, VECTOR, VOLUME, Case, ids, normal, of
from keras_cases_input import INPUT_CASES
from networks import keras, layers

Options = dict[str, Any]
_FIRST = {"data_format": "channels_first"}


def _dense() -> list[Case]:
    return [
        *of("Dense", VECTOR, {"units": 4}, {"units": 4, "activation": "gelu"}, {"units": 4, "use_bias": False}),
        *of("Dense", SEQUENCE, {"units": 4}),
        *of("Dense", VOLUME, {"units": 3, "activation": "softmax"}),
        *of("EinsumDense", SEQUENCE, {"equation": "abc,cde->abde", "output_shape": (None, 3, 5), "bias_axes": "de"}),
        *of("EinsumDense", SEQUENCE, {"equation": "...x,xy->...y", "output_shape": 7, "activation": "relu"}),
        *of("Embedding", ids(10, 5), {"input_dim": 10, "output_dim": 4}),
        *of("Embedding", ids(10, 5, dtype="int64"), {"input_dim": 10, "output_dim": 4}),
        *of("Embedding", ids(10, 5, dtype="float32"), {"input_dim": 10, "output_dim": 4}),
        *of("ReversibleEmbedding", ids(10, 5), {"input_dim": 10, "output_dim": 4}),
        Case("ReversibleEmbedding reverse", lambda: layers.ReversibleEmbedding(10, 4), (ids(10, 5),),
             lambda layer, x: layer(layer(x), reverse=True)),
        Case("Embedding mask_zero, LSTM", lambda: layers.LSTM(3), (np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0]]),),
             lambda layer, x: layer(layers.Embedding(10, 4, mask_zero=True)(x))),
        *of("Lambda", VECTOR, {"function": lambda x: x * 2 + 1}),
        *of("Identity", VECTOR), *of("Masking", _padded()), *of("ActivityRegularization", VECTOR, {"l1": 0.1}),
        *[Case(f"Masking, {kind}", partial(getattr(layers, kind), 3, return_sequences=True), (_padded(),),
               lambda layer, x: layer(layers.Masking()(x))) for kind in ("LSTM", "GRU", "SimpleRNN")],
    ]  # fmt: skip


def _padded() -> np.ndarray[Any, np.dtype[Any]]:
    """Sequences that end early."""
    x = SEQUENCE.copy()
    x[0, 4:] = x[1, 2:] = 0
    return x


def _convolutions() -> list[Case]:
    # fmt: off
    found: list[Case] = []
    for rank, x in BY_RANK.items():
        for padding in ("same", "valid"):
            plain: Options = {"filters": 4, "kernel_size": 3, "padding": padding}
            found += of(f"Conv{rank}D", x, plain, {**plain, "strides": 2},
                        {**plain, "dilation_rate": 2, "kernel_size": 2})
            found += of(f"Conv{rank}DTranspose", x, plain, {**plain, "strides": 2})
            if rank < 3:
                deep: Options = {"kernel_size": 3, "padding": padding}
                found += of(f"DepthwiseConv{rank}D", x, deep, {**deep, "strides": 2, "depth_multiplier": 2},
                            {**deep, "dilation_rate": 2, "kernel_size": 2})
                found += of(f"SeparableConv{rank}D", x, plain, {**plain, "strides": 2},
                            {**plain, "dilation_rate": 2, "kernel_size": 2})
    found += of("Conv1D", SEQUENCE, {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2})
    found += of("Conv1D", SEQUENCE, {"filters": 6, "kernel_size": 3, "groups": 2})
    found += of("Conv2D", normal(8, 8, 6), {"filters": 6, "kernel_size": 3, "groups": 3, "padding": "same"})
    found += of("Conv2D", normal(3, 8, 8), {"filters": 4, "kernel_size": 3, **_FIRST})
    found += of("DepthwiseConv2D", normal(3, 8, 8), {"kernel_size": 3, **_FIRST})
    found += of("Conv2DTranspose", IMAGE, {"filters": 4, "kernel_size": 3, "dilation_rate": 2},
                {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 1},
                {"filters": 4, "kernel_size": (2, 3), "strides": (3, 1)})
    found += of("Conv2D", IMAGE, {"filters": 4, "kernel_size": (1, 3), "strides": (2, 1), "activation": "relu6"})
    return found
    # fmt: on


def _pools() -> list[Case]:
    found: list[Case] = []
    for kind in ("Max", "Average"):
        for rank, x in BY_RANK.items():
            found += of(f"{kind}Pooling{rank}D", x, {"pool_size": 2}, {"pool_size": 3, "strides": 2, "padding": "same"})
            found += of(f"Global{kind}Pooling{rank}D", x, {}, {"keepdims": True})
            found += of(f"Adaptive{kind}Pooling{rank}D", x, {"output_size": 2 if rank == 1 else (2,) * rank})
        found += of(f"{kind}Pooling2D", normal(3, 8, 8), {"pool_size": 2, **_FIRST})
        found += of(f"Global{kind}Pooling2D", normal(3, 8, 8), _FIRST)
        found += of(f"Adaptive{kind}Pooling2D", IMAGE, {"output_size": (3, 5)})
    return found


def _both_ways(kind: Any, merge: str = "concat", sequences: bool = False) -> Any:
    return layers.Bidirectional(kind(5, return_sequences=sequences), merge)


def _of_cell(kind: str) -> Any:
    return layers.RNN(getattr(layers, f"{kind}Cell")(5))


def _recurrent() -> list[Case]:
    # fmt: off
    found: list[Case] = []
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        made = getattr(layers, kind)
        found += of(kind, SEQUENCE, *({"units": 5, **o} for o in (
            {}, {"return_sequences": True}, {"go_backwards": True}, {"unroll": True}, {"return_state": True},
            {"activation": "relu"}, {"use_bias": False}, {"return_sequences": True, "go_backwards": True})))
        found.append(Case(f"Bidirectional {kind}", partial(_both_ways, made), (SEQUENCE,)))
        found.append(Case(f"Bidirectional {kind} sequences, sum", partial(_both_ways, made, "sum", True), (SEQUENCE,)))
        states = 2 if kind == "LSTM" else 1
        found.append(Case(f"{kind} initial_state", partial(made, 5), (SEQUENCE, *[normal(5)] * states),
                          lambda layer, x, *s: layer(x, initial_state=list(s))))
        found.append(Case(f"{kind}Cell in RNN", partial(_of_cell, kind), (SEQUENCE,)))
    found += of("GRU", SEQUENCE, {"units": 5, "reset_after": False})
    found.append(Case("StackedRNNCells", lambda: layers.RNN(
        layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)])), (SEQUENCE,)))
    same: Options = {"filters": 3, "kernel_size": 3, "padding": "same"}
    found += of("ConvLSTM1D", normal(4, 6, 2), same) + of("ConvLSTM3D", normal(3, 4, 4, 4, 2), same)
    found += of("ConvLSTM2D", normal(4, 6, 6, 2), same, {**same, "return_sequences": True},
                {**same, "padding": "valid"})
    found.append(Case("TimeDistributed Dense", lambda: layers.TimeDistributed(layers.Dense(3)), (SEQUENCE,)))
    found.append(Case("TimeDistributed Conv2D", lambda: layers.TimeDistributed(layers.Conv2D(3, 3)),
                      (normal(3, 6, 6, 2),)))
    return found
    # fmt: on


def _attention() -> list[Case]:
    other, keys = normal(5, 4), (IMAGE[..., 0] > -0.3)[:, :6, :6]

    def two(a: Any, x: Any, y: Any) -> Any:
        return a(x, y)

    many = layers.MultiHeadAttention
    return [
        *of("Attention", [SEQUENCE, other], {}, {"use_scale": True}, {"score_mode": "concat"}),
        *of("AdditiveAttention", [SEQUENCE, other]),
        Case("Attention causal", lambda: layers.Attention(), (SEQUENCE, SEQUENCE),
             lambda a, x, y: a([x, y], use_causal_mask=True)),
        Case("MultiHeadAttention self", lambda: many(2, 3), (SEQUENCE,), lambda a, x: a(x, x)),
        Case("MultiHeadAttention cross", lambda: many(2, 3), (SEQUENCE, other), two),
        Case("MultiHeadAttention value_dim", lambda: many(2, 3, value_dim=5, output_shape=7), (SEQUENCE, other), two),
        Case("MultiHeadAttention causal", lambda: many(2, 3), (SEQUENCE,), lambda a, x: a(x, x, use_causal_mask=True)),
        Case("MultiHeadAttention mask", lambda: many(2, 3), (SEQUENCE, keys),
             lambda a, x, m: a(x, x, attention_mask=m)),
        Case("MultiHeadAttention scores", lambda: many(2, 3), (SEQUENCE,),
             lambda a, x: a(x, x, return_attention_scores=True)),
        Case("MultiHeadAttention of rank 4", lambda: many(2, 3, attention_axes=(1, 2)), (normal(3, 4, 5),),
             lambda a, x: a(x, x)),
        Case("GroupQueryAttention", lambda: layers.GroupQueryAttention(3, 4, 2), (SEQUENCE, other), two),
    ]  # fmt: skip


def _normalizations() -> list[Case]:
    return [
        *of("BatchNormalization", IMAGE, {}, {"axis": 1}, {"scale": False, "center": False}),
        *of("BatchNormalization", VECTOR), *of("BatchNormalization", SEQUENCE), *of("BatchNormalization", VOLUME),
        *of("LayerNormalization", SEQUENCE, {}, {"axis": (1, 2)}, {"axis": 1}, {"scale": False}),
        *of("LayerNormalization", IMAGE),
        *of("GroupNormalization", normal(6, 6, 4), {"groups": 2}, {"groups": 4}, {"groups": -1}),
        *of("GroupNormalization", SEQUENCE, {"groups": 2}),
        *of("RMSNormalization", SEQUENCE), *of("UnitNormalization", SEQUENCE, {}, {"axis": 1}),
        Case("SpectralNormalization", lambda: layers.SpectralNormalization(layers.Dense(3)), (VECTOR,)),
    ]  # fmt: skip


def _regularizers() -> list[Case]:
    kinds = {"Dropout": SEQUENCE, "SpatialDropout1D": SEQUENCE, "SpatialDropout2D": IMAGE, "SpatialDropout3D": VOLUME,
             "GaussianDropout": SEQUENCE, "AlphaDropout": SEQUENCE}  # fmt: skip
    found = [case for kind, x in kinds.items() for case in of(kind, x, {"rate": 0.5})]
    return [*found, *of("GaussianNoise", SEQUENCE, {"stddev": 0.5})]


def _shapes() -> list[Case]:
    found = [
        *of("Reshape", SEQUENCE, {"target_shape": (4, 6)}, {"target_shape": (-1, 2)}, {"target_shape": (2, 2, -1)}),
        *of("Flatten", IMAGE, {}, _FIRST), *of("Flatten", VECTOR), *of("RepeatVector", VECTOR, {"n": 3}),
        *of("Permute", IMAGE, {"dims": (3, 1, 2)}, {"dims": (2, 1, 3)}),
    ]  # fmt: skip
    for rank, x in BY_RANK.items():
        each: Any = (2, 1, 3)[:rank] if rank > 1 else 3
        sides: Any = ((1, 2), (0, 1), (2, 0))[:rank] if rank > 1 else (1, 2)
        found += of(f"UpSampling{rank}D", x, {"size": 2}, {"size": each})
        found += of(f"ZeroPadding{rank}D", x, {"padding": 1}, {"padding": sides})
        found += of(f"Cropping{rank}D", x, {"cropping": 1}, {"cropping": sides})
    ways = ("bilinear", "bicubic", "lanczos3", "lanczos5")
    return [*found, *of("UpSampling2D", IMAGE, *({"size": 2, "interpolation": w} for w in ways))]


def _merges() -> list[Case]:
    a, b = normal(6, 4), normal(6, 4)
    kinds = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
    found = [case for kind in kinds for case in of(kind, [a, b])]
    found += of("Add", [a, b, normal(6, 4)]) + of("Add", [a, normal(1, 4)]) + of("Concatenate", [a, b], {"axis": 1})
    found += of("Dot", [a, normal(5, 4)], {"axes": 2}) + of("Dot", [VECTOR, normal(5)], {"axes": 1, "normalize": True})
    return [*found, *of("Dot", [a, normal(4, 5)], {"axes": (2, 1)})]


def _activations() -> list[Case]:
    text = """relu relu6 leaky_relu elu selu gelu silu softplus softsign tanh sigmoid hard_sigmoid hard_silu
        hard_tanh hard_shrink soft_shrink tanh_shrink squareplus celu glu log_sigmoid log_softmax softmax exponential
        linear mish sparse_plus sparse_sigmoid sparsemax"""
    names = text.split()

    def gelu_by_tanh(x: Any) -> Any:
        return keras.activations.gelu(x, approximate=True)

    return [
        *of("Activation", SEQUENCE, *({"activation": n} for n in names), {"activation": gelu_by_tanh}),
        *of("ReLU", VECTOR, {}, {"max_value": 6.0, "negative_slope": 0.1, "threshold": 0.2}),
        *of("LeakyReLU", VECTOR, {"negative_slope": 0.2}), *of("PReLU", SEQUENCE),
        *of("PReLU", IMAGE, {"shared_axes": [1, 2]}), *of("ELU", VECTOR, {"alpha": 0.5}),
        *of("Softmax", SEQUENCE, {"axis": 1}, {"axis": (1, 2)}),
        Case("Softmax mask", lambda: layers.Softmax(), (SEQUENCE, SEQUENCE > 0), lambda s, x, m: s(x, mask=m)),
    ]  # fmt: skip


CASES: dict[str, Case] = {}
for _made in (
    _dense, _convolutions, _pools, _recurrent, _attention, _normalizations, _regularizers, _shapes, _merges,
    _activations, lambda: INPUT_CASES,
):  # fmt: skip
    for _case in _made():
        _name = _case.name
        while _name in CASES:  # other inputs of the same options
            _name += "'"
        CASES[_name] = _case
