"""Fourier transforms and complex numbers."""

from __future__ import annotations

from . import Model, cases
from .simple import made


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


@cases(op=["COMPLEX_ABS", "REAL", "IMAG"], sizes=SIZES)
def test_parts(op: str, sizes: tuple[list[int], list[int]]) -> Model:
    m = Model()
    return m.outputs(m.op(op, [spectrum(m, *sizes)], [m.tensor()]))  # type: ignore[list-item]


@cases(op=["COMPLEX_ABS", "REAL", "IMAG"])
def test_complex_input(op: str) -> Model:
    m = Model()
    return m.outputs(m.op(op, [m.input([3, 4], "complex64")], [m.tensor()]))


@cases(sizes=SIZES[:3])
def test_rfft2d(sizes: tuple[list[int], list[int]]) -> Model:
    m = Model()
    return m.outputs(spectrum(m, *sizes))  # type: ignore[arg-type]


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


@cases(channels=[20, 40], coefficients=[13])
def test_mfcc(channels: int, coefficients: int) -> Model:
    m = Model()
    options = {"upper_frequency_limit": 4000.0, "lower_frequency_limit": 20.0, "filterbank_channel_count": channels,
               "dct_coefficient_count": coefficients}  # fmt: skip
    return m.outputs(
        m.op("Mfcc", [m.input([1, 3, 257], low=0, high=9), m.const([16000], "int32")], [m.tensor()], custom=options)
    )
