"""Fourier transforms and complex numbers."""

from __future__ import annotations

from typing import Any

from . import Limit, Model, cases
from .simple import either, fixed, given, made, one, out


def spectrum(m: Model, shape: list[int], size: list[int]) -> object:
    """RFFT2D of an input."""
    return m.op("RFFT2D", [m.input(shape), m.const(size)], [m.tensor("complex64")])


SIZES = [
    ([4, 4], [4, 4]),
    ([2, 8, 4], [8, 4]),
    ([1, 16], [1, 16]),
    ([4, 4], [2, 2]),
    ([4, 4], [8, 8]),
    ([3, 5], [4, 8]),
]
LONG = [([2, 500], [1, 512]), ([3, 1, 2048], [1, 2048]), ([2, 256], [2, 256])]
"""Lengths that are transformed in two steps."""


@cases(op=["COMPLEX_ABS", "REAL", "IMAG"], sizes=SIZES)
def test_parts(op: str, sizes: tuple[list[int], list[int]]) -> Model:
    m = Model()
    return m.outputs(m.op(op, [spectrum(m, *sizes)], [m.tensor()]))  # type: ignore[list-item]


@cases(op=["COMPLEX_ABS", "REAL", "IMAG"])
def test_complex_input(op: str) -> Model:
    m = Model()
    return m.outputs(m.op(op, [m.input([3, 4], "complex64")], [m.tensor()]))


MOVES: dict[str, Any] = {
    "TRANSPOSE": ([[2, 3, 4]], [2, 0, 1], {}), "TILE": ([[2, 3]], [2, 1], {}), "BROADCAST_TO": ([[2, 1]], [2, 2, 3],
    {}),
    "MIRROR_PAD": ([[3, 4]], [[1, 0], [0, 2]], {"mode": "REFLECT"}), "CONCATENATION": ([[2, 3], [2, 1]], None,
    {"axis": -1}),
    "SLICE": ([[2, 3, 4]], ([1, 0, 1], [1, -1, 2]), {}), "STRIDED_SLICE": ([[2, 3, 4]], ([0, -1, 0], [2, -4, 4], [1,
    -1, 2]), {}),
    "GATHER": ([[4, 3]], [3, 0, 1], {"axis": 1, "batch_dims": 0}), "EXPAND_DIMS": ([[2, 3]], -1, {}),
    "RESHAPE": ([[2, 3]], [3, 2], {"new_shape": [3, 2]}), "SQUEEZE": ([[2, 1]], None, {"squeeze_dims": [-1]}),
    "PACK": ([[2, 3], [2, 3]], None, {"axis": -1, "values_count": 2}),
}  # fmt: skip


@cases(op=[*MOVES])
def test_complex_moves(op: str) -> Model:
    """What moves elements moves pairs; those that LiteRT does not take as complex64 are real here."""
    shapes, more, options = MOVES[op]
    dtype = "complex64" if op in ("TRANSPOSE", "TILE", "BROADCAST_TO", "MIRROR_PAD", "RESHAPE") else "float32"
    if op == "GATHER":
        more = [2, 0, 1]
    constants = more if isinstance(more, tuple) else [] if more is None else [more]
    return one(
        op, *(given(s, dtype) for s in shapes), *(fixed(c, "int32") for c in constants), out=out(dtype), **options
    )


@cases(op=["SELECT", "SELECT_V2"])
def test_complex_select(op: str) -> Model:
    return one(op, given([2, 3], "bool"), given([2, 3], "complex64"), given([2, 3], "complex64"), out=out("complex64"))


@cases()
def test_complex_rank() -> Model:
    return one("RANK", given([2, 3], "complex64"), out=out("int32"))


@cases(sizes=[*SIZES[:3], *LONG])
def test_rfft2d(sizes: tuple[list[int], list[int]]) -> Model:
    m = Model()
    return m.outputs(spectrum(m, *sizes))  # type: ignore[arg-type]


ARGUMENTS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "TRANSPOSE": ([[2, 0, 1]], {}), "EXPAND_DIMS": ([-1], {}), "TILE": ([[1, 2, 1]], {}),
    "BROADCAST_TO": ([[2, 2, 3, 4]], {}), "SLICE": ([[0, 1, 1], [2, 2, -1]], {}),
    "MIRROR_PAD": ([[[0, 1], [1, 0], [2, 1]]], {"mode": "REFLECT"}), "SHAPE": ([], {"out_type": "int32"}),
    "STRIDED_SLICE": ([[0, 2, -1], [2, 0, -4], [1, -1, -2]], {"shrink_axis_mask": 1}), "RANK": ([], {}),
}  # fmt: skip


@cases(op=list(ARGUMENTS), computed=[True, False],
       unknown_dims=lambda op, computed: Limit("refused", "the number of its strides is not known")
       if op == "STRIDED_SLICE" and computed else None)  # fmt: skip
def test_complex_moved(op: str, computed: bool) -> Model:
    arguments, options = ARGUMENTS[op]
    result = out("int32" if op in ("SHAPE", "RANK") else "complex64")
    return one(op, given([2, 3, 4], "complex64"), *(either(a, computed) for a in arguments), out=result, **options)


@cases()
def test_complex_update() -> Model:
    x, update = given([2, 3], "complex64"), given([1, 2], "complex64")
    return one("DYNAMIC_UPDATE_SLICE", x, update, fixed([1, 1]), out=out("complex64"))


@cases(shape=[[3, 4]])
def test_complex_product(shape: list[int]) -> Model:
    m = Model()
    c = m.const(made(shape) + 1j * made(shape[::-1]).T, "complex64")
    return m.outputs(m.op("MUL", [m.input(shape, "complex64"), c], [m.tensor("complex64")]))


@cases(length=[8, 16], step=[4, 8])
def test_spectrogram(length: int, step: int) -> Model:
    """The pattern of tf.signal.rfft: a row is made a picture one pixel high, transformed, and made a row again."""
    m = Model()
    frames = m.input([5, length])
    picture = m.op("RESHAPE", [frames, m.const([5, 1, length])], [m.tensor()], new_shape=[5, 1, length])
    y = m.op("RFFT2D", [picture, m.const([1, length])], [m.tensor("complex64")])
    y = m.op("RESHAPE", [y, m.const([5, length // 2 + 1])], [m.tensor("complex64")], new_shape=[5, length // 2 + 1])
    return m.outputs(m.op("COMPLEX_ABS", [y], [m.tensor()]))


@cases(size=[320, 512], stride=[160], squared=[True, False])
def test_audio_spectrogram(size: int, stride: int, squared: bool) -> Model:
    m = Model()
    options = {"window_size": size, "stride": stride, "magnitude_squared": squared}
    return m.outputs(m.op("AudioSpectrogram", [m.input([1600, 1])], [m.tensor()], custom=options))


@cases(
    channels=[20, 40], coefficients=[13], unknown_dims=Limit("refused", "its number of frequencies have to be known")
)
def test_mfcc(channels: int, coefficients: int) -> Model:
    m = Model()
    options = {"upper_frequency_limit": 4000.0, "lower_frequency_limit": 20.0, "filterbank_channel_count": channels,
               "dct_coefficient_count": coefficients}  # fmt: skip
    return m.outputs(
        m.op("Mfcc", [m.input([1, 3, 257], low=0, high=9), m.const([16000], "int32")], [m.tensor()], custom=options)
    )
