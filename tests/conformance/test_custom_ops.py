"""Custom ops of TensorFlow's converter and of MediaPipe, by references in numpy: LiteRT's Python build lacks their
kernels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from . import Limit, Model, case, cases
from .encoding import Array
from .simple import made

SAME, VALID = 1, 2
"""TfLitePadding."""


def pool_options(padding: int, stride: tuple[int, int], kernel: tuple[int, int]) -> bytes:
    """TfLitePoolParams: padding, strides and sizes (width first), no activation, padding values to be computed."""
    return np.array([padding, stride[1], stride[0], kernel[1], kernel[0], 0, 0, 0, 0, 0], np.int32).tobytes()


def windows(size: int, kernel: int, stride: int, padding: int) -> list[tuple[int, list[int]]]:
    """Each window's start, and the positions of it that are inside."""
    count = -(-size // stride) if padding == SAME else (size - kernel) // stride + 1
    before = max(0, (count - 1) * stride + kernel - size) // 2 if padding == SAME else 0
    starts = [i * stride - before for i in range(count)]
    return [(s, [p for p in range(s, s + kernel) if 0 <= p < size]) for s in starts]


def highest(x: Array, kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> tuple[Array, Array, Array]:
    """Each window's first highest value, its place in the window and in the image."""
    n, h, w, c = x.shape
    rows, columns = (windows(d, k, s, padding) for d, k, s in zip((h, w), kernel, stride, strict=True))
    best = np.zeros((n, len(rows), len(columns), c), np.float32)
    inside, place = np.zeros_like(best), np.zeros(best.shape, np.int32)
    for b, i, j, k in np.ndindex(*best.shape):
        (r0, rs), (c0, cs) = rows[i], columns[j]
        r, q = max(itertools.product(rs, cs), key=lambda p: (x[b, p[0], p[1], k], -p[0], -p[1]))
        best[b, i, j, k], inside[b, i, j, k] = x[b, r, q, k], (r - r0) * kernel[1] + q - c0
        place[b, i, j, k] = (r * w + q) * c + k
    return best, inside, place


def argmax_2d(x: Array, kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> list[Array]:
    best, inside, _ = highest(x, kernel, stride, padding)
    return [best, inside + np.float32(0.1)]


POOLS = [case(kernel=(2, 2), stride=(2, 2), padding=SAME), case(kernel=(3, 2), stride=(2, 1), padding=VALID),
         case(kernel=(3, 3), stride=(1, 2), padding=SAME)]  # fmt: skip


@cases(*POOLS, expected=argmax_2d, unknown_dims=Limit("refused", "its input's height and width are not known"))
def test_max_pooling_with_argmax_2d(kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> Model:
    """MediaPipe's: places in the window, plus 0.1."""
    m = Model()
    x = m.input([2, 5, 6, 3])
    shape = list(highest(np.zeros((2, 5, 6, 3), "f"), kernel, stride, padding)[0].shape)
    outs = [m.tensor(shape=shape), m.tensor(shape=shape)]
    m.op("MaxPoolingWithArgmax2D", [x], outs, custom=pool_options(padding, stride, kernel))
    return m.outputs(*outs)


def argmax(x: Array, kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> list[Array]:
    best, _, place = highest(x, kernel, stride, padding)
    return [best, place]


@cases(*POOLS, expected=argmax, unknown_dims=Limit("refused", "its input's height and width are not known"))
def test_max_pool_with_argmax(kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> Model:
    """TensorFlow's: places in the image."""
    m = Model()
    x = m.input([2, 5, 6, 3])
    shape = list(highest(np.zeros((2, 5, 6, 3), "f"), kernel, stride, padding)[0].shape)
    outs = [m.tensor(shape=shape), m.tensor("int32", shape)]
    options = {"ksize": [1, *kernel, 1], "strides": [1, *stride, 1], "padding": "SAME" if padding == SAME else "VALID"}
    m.op("MaxPoolWithArgmax", [x], outs, custom={**options, "include_batch_in_index": False})
    return m.outputs(*outs)


def unpooled(x: Array, place: Array, kernel: tuple[int, int], stride: tuple[int, int]) -> list[Array]:
    n, h, w, c = x.shape
    y = np.zeros((n, h * kernel[0], w * kernel[1], c), np.float32)
    before = [max(0, (d - 1) * s + k - d * k) // 2 for d, s, k in zip((h, w), stride, kernel, strict=True)]
    for b, i, j, k in np.ndindex(*x.shape):
        down, right = divmod(int(place[b, i, j, k]), kernel[1])
        row, column = i * stride[0] - before[0] + down, j * stride[1] - before[1] + right
        if 0 <= row < y.shape[1] and 0 <= column < y.shape[2]:
            y[b, row, column, k] = x[b, i, j, k]
    return [y]


@cases(
    case(kernel=(2, 3), stride=(2, 3)),
    case(kernel=(2, 2), stride=(1, 1)),
    case(kernel=(2, 2), stride=(3, 3)),
    expected=unpooled,
    unknown_dims=Limit("refused", "its input's height and width are not known"),
)
def test_max_unpooling_2d(kernel: tuple[int, int], stride: tuple[int, int]) -> Model:
    """MediaPipe's, with windows side by side, overlapping, and apart."""
    m = Model()
    x = m.input([2, 3, 4, 2])
    place = m.input([2, 3, 4, 2], low=0, high=kernel[0] * kernel[1])
    y = m.tensor(shape=[2, 3 * kernel[0], 4 * kernel[1], 2])
    return m.outputs(m.op("MaxUnpooling2D", [x, place], [y], custom=pool_options(SAME, stride, kernel)))


def unpooled_anywhere(x: Array, place: Array) -> list[Array]:
    y = np.zeros((2, 6 * 8 * 2), np.float32)
    for b in range(2):
        y[b, place[b].ravel()] = x[b].ravel()
    return [y.reshape(2, 6, 8, 2)]


@cases(expected=unpooled_anywhere, unknown_dims=Limit("refused", "its input's height and width are not known"))
def test_max_unpooling_2d_of_places() -> Model:
    """LiteRT's, with places in the result."""
    m = Model()
    x, place = m.input([2, 3, 4, 2]), m.input([2, 3, 4, 2], "int32", low=0, high=90)
    y = m.tensor(shape=[2, 6, 8, 2])
    return m.outputs(m.op("MaxUnpooling2D", [x, place], [y], custom=pool_options(SAME, (2, 2), (2, 2))))


def transposed(x: Array, kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> list[Array]:
    n, h, w, _ = x.shape
    weights, bias = made([3, *kernel, 2]), made([3])
    total = [
        max(0, k - (d - 1) % s - 1) if padding == SAME else 0 for k, d, s in zip(kernel, (h, w), stride, strict=True)
    ]
    sizes = [s * (d - 1) + k - t for s, d, k, t in zip(stride, (h, w), kernel, total, strict=True)]
    y = np.tile(bias, (n, *sizes, 1)).astype(np.float32)
    for i, j, a, b in np.ndindex(h, w, *kernel):
        row, column = i * stride[0] - total[0] // 2 + a, j * stride[1] - total[1] // 2 + b
        if 0 <= row < sizes[0] and 0 <= column < sizes[1]:
            y[:, row, column] += x[:, i, j] @ weights[:, a, b].T
    return [y]


@cases(kernel=[(3, 3), (4, 2)], stride=[(2, 2), (1, 3)], padding=[SAME, VALID], expected=transposed,
       unknown_dims=lambda padding, **_: Limit("refused",
       "its input's height and width are not known") if padding == SAME else None)  # fmt: skip
def test_convolution_2d_transpose_bias(kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> Model:
    m = Model()
    shape = transposed(np.zeros((1, 4, 5, 2), "f"), kernel, stride, padding)[0].shape
    options = np.array([padding, stride[1], stride[0]], np.int32).tobytes()
    inputs = [m.input([1, 4, 5, 2]), m.const(made([3, *kernel, 2])), m.const(made([3]))]
    return m.outputs(m.op("Convolution2DTransposeBias", inputs, [m.tensor(shape=list(shape))], custom=options))


def pooled_3d(x: Array, op: str, padding: int) -> list[Array]:
    spans = [windows(d, k, s, padding) for d, k, s in zip(x.shape[1:4], (2, 3, 2), (2, 1, 2), strict=True)]
    y = np.zeros((x.shape[0], *map(len, spans), x.shape[4]), x.dtype)
    for i in np.ndindex(*y.shape[1:4]):
        part = x[:, *np.ix_(*(span[at][1] for span, at in zip(spans, i, strict=True)))]
        if op == "MaxPool3D":
            y[:, *i] = part.max((1, 2, 3))
        elif x.dtype.kind == "f":
            y[:, *i] = part.mean((1, 2, 3))
        else:
            total, count = part.astype(np.int64).sum((1, 2, 3)), int(np.prod(part.shape[1:4]))
            y[:, *i] = np.trunc((total + np.where(total > 0, count // 2, -(count // 2))) / count)
    return [y]


@cases(op=["AvgPool3D", "AveragePool3D", "MaxPool3D"], padding=[SAME, VALID], expected=pooled_3d)
def test_pool_3d(op: str, padding: int) -> Model:
    return pool_3d(op, padding, "float32", None)


@cases(op=["AvgPool3D", "MaxPool3D"], padding=[SAME, VALID], expected=pooled_3d)
def test_pool_3d_int8(op: str, padding: int) -> Model:
    return pool_3d(op, padding, "int8", (0.1, 3))


def pool_3d(op: str, padding: int, dtype: str, quant: Any) -> Model:
    m = Model()
    options = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 2, 1, 2, 1], "padding": "SAME" if padding == SAME else "VALID"}
    shape = pooled_3d(np.zeros((1, 4, 5, 6, 2), np.float32), op, padding)[0].shape
    y = m.tensor(dtype, list(shape), quant)
    return m.outputs(
        m.op(op, [m.input([1, 4, 5, 6, 2], dtype, quant)], [y], custom={**options, "data_format": "NDHWC"})
    )


def rolled(x: Array, shift: tuple[int, ...], axis: tuple[int, ...]) -> list[Array]:
    return [np.roll(x, shift, axis)]


@cases(case(shift=(1,), axis=(0,)), case(shift=(-2, 5), axis=(1, 0)), case(shift=(3,), axis=(-1,)), expected=rolled)
def test_roll(shift: tuple[int, ...], axis: tuple[int, ...]) -> Model:
    m = Model()
    inputs = [m.input([3, 4]), m.const(np.array(shift, np.int32)), m.const(np.array(axis, np.int32))]
    return m.outputs(m.op("Roll", inputs, [m.tensor(shape=[3, 4])], custom={}))


def inverse_fft(x: Array, size: tuple[int, int], op: str) -> list[Array]:
    return [np.fft.irfft2(x, size).astype(np.float32)]


def spectrum(rows: int, width: int) -> Array:
    """That of real numbers."""
    return np.fft.rfft2(made([2, rows, width])).astype(np.complex64)


@cases(op=["IRFFT2D", "Irfft2d"], size=[(4, 8), (8, 4)], expected=inverse_fft,
       unknown_dims=Limit("refused", "the size of its input, is not known"))  # fmt: skip
def test_irfft2d(op: str, size: tuple[int, int]) -> Model:
    m = Model()
    values = spectrum(*size)
    x = m.input(list(values.shape), "complex64", values=values)
    return m.outputs(m.op(op, [x, m.const(list(size), "int32")], [m.tensor(shape=[2, *size])], custom={}))


def sampled(image: Array, row: float, column: float) -> Array:
    """Bilinear, with zeros around."""
    total = np.zeros(image.shape[-1])
    for r, q in itertools.product(
        (int(np.floor(row)), int(np.floor(row)) + 1), (int(np.floor(column)), int(np.floor(column)) + 1)
    ):
        if 0 <= r < image.shape[0] and 0 <= q < image.shape[1]:
            total += image[r, q] * max(0, 1 - abs(row - r)) * max(0, 1 - abs(column - q))
    return total


def resampled(x: Array, warp: Array) -> list[Array]:
    y = np.zeros(x.shape, np.float32)
    for b, i, j in np.ndindex(*x.shape[:3]):
        y[b, i, j] = sampled(x[b], float(warp[b, i, j, 1]), float(warp[b, i, j, 0]))
    return [y]


@cases(expected=resampled, unknown_dims=Limit("refused", "the shape of its image is not known"))
def test_resampler() -> Model:
    m = Model()
    inputs = [m.input([2, 4, 5, 3]), m.input([2, 4, 5, 2], low=-1.5, high=5.5)]
    return m.outputs(m.op("Resampler", inputs, [m.tensor(shape=[2, 4, 5, 3])], custom=b""))


def warped(x: Array, flow: Array) -> list[Array]:
    n, h, w, _ = x.shape
    y = np.zeros(x.shape, np.float32)
    for b, i, j in np.ndindex(n, h, w):
        row, column = np.clip(i - flow[b, i, j, 0], 0, h - 1), np.clip(j - flow[b, i, j, 1], 0, w - 1)
        y[b, i, j] = sampled(x[b], float(row), float(column))
    return [y]


@cases(expected=warped, unknown_dims=Limit("refused", "the shape of its image is not known"))
def test_dense_image_warp() -> Model:
    m = Model()
    inputs = [m.input([2, 4, 5, 3]), m.input([2, 4, 5, 2], low=-3, high=3)]
    return m.outputs(m.op("DenseImageWarp", inputs, [m.tensor(shape=[2, 4, 5, 3])], custom=b""))


MATRIX = np.array([[0.8, 0.3, 0, -0.4], [-0.2, 0.9, 0, 0.7], [0, 0, 1, 0], [0, 0, 0, 1]], np.float32)


def transformed(x: Array, op: str) -> list[Array]:
    shift = 0.5 if op == "TransformTensorBilinear" else 0.0
    y = np.zeros((1, 3, 6, 2), np.float32)
    for i, j in np.ndindex(3, 6):
        column, row = (MATRIX @ [j + shift, i + shift, 0, 1])[:2] - shift
        if 0 <= column <= 4 and 0 <= row <= 3:
            y[0, i, j] = sampled(x[0], row, column)
    return [y]


@cases(
    op=["TransformTensor", "TransformTensorBilinear"],
    expected=transformed,
    unknown_dims=Limit("refused", "the shape of its image is not known"),
)
def test_transform_tensor(op: str) -> Model:
    m = Model()
    inputs = [m.input([1, 4, 5, 2]), m.const(MATRIX.reshape(1, 4, 4))]
    return m.outputs(m.op(op, inputs, [m.tensor(shape=[1, 3, 6, 2])], custom={}))


def moved(x: Array, count: int, scale: float | None) -> list[Array]:
    points = x.reshape(-1, count).copy()
    points[:, :2] = points[:, :2] @ MATRIX[:2, :2].T + MATRIX[:2, 3] * (scale or 1)
    return [points.reshape(x.shape)]


@cases(count=[2, 3], scale=[None, 2.0], expected=moved,
       unknown_dims=lambda scale, **_: Limit("refused",
       "landmarks' coordinates is not known") if scale is None else None)  # fmt: skip
def test_transform_landmarks(count: int, scale: float | None) -> Model:
    """The first version has options, the second the last dimension."""
    m = Model()
    shape = [1, 5, count] if scale is None else [1, 1, 1, 5 * count]
    options = {} if scale is None else {"dimensions": count, "scale": scale}
    inputs = [m.input(shape), m.const(MATRIX.reshape(1, 4, 4))]
    return m.outputs(m.op("TransformLandmarks", inputs, [m.tensor(shape=shape)], custom=options))


def turn(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def box(points: Array, angle: float) -> tuple[Array, Array]:
    """Size and middle of the box around the turned points, the middle turned back."""
    turned = points @ turn(angle)[:2, :2].T
    low, high = turned.min(0), turned.max(0)
    return high - low, turn(-angle)[:2, :2] @ ((low + high) / 2)


V1: dict[str, Any] = {"input_hw": [40, 60], "output_hw": [20, 30], "dimensions": 3, "landmarks_range": 50,
"bbox_size_multiplier": 1.5,
      "left_rotation_idx": 1, "right_rotation_idx": 2, "subset": [0, 1, 2, 4]}  # fmt: skip
V2: dict[str, Any] = {"subset_idxs": [0, 1, 3], "left_rotation_idx": 1, "right_rotation_idx": 2,
"target_rotation_radians": 0.3,
      "output_height": 20, "output_width": 30, "scale_x": 1.5, "scale_y": 1.2}  # fmt: skip


def matrix(x: Array, version: int) -> list[Array]:
    points = x.reshape(-1, 3)[:, :2].astype(np.float64)
    dx, dy = points[2] - points[1]
    if version == 1:
        angle = -np.arctan(dy / dx)
        size, middle = box(points[V1["subset"]], angle)
        size, centre = size * 1.5 / 50, middle / 50 * 2 - 1
        (ih, iw), (oh, ow) = (np.array(V1[k], float) - 1 for k in ("input_hw", "output_hw"))
        rotation = turn(-angle)
        rotation[:2, 2] = centre
        absolute = np.array([[iw / 2, 0, iw / 2], [0, ih / 2, ih / 2], [0, 0, 1]])
        t = absolute @ rotation @ np.diag([*size, 1]) @ np.array([[2 / ow, 0, -1], [0, 2 / oh, -1], [0, 0, 1]])
    else:
        angle = 0.3 - np.arctan2(dy, dx)
        size, middle = box(points[V2["subset_idxs"]], angle)
        shift, back = np.eye(3), np.eye(3)
        shift[:2, 2], back[:2, 2] = middle, [-15, -10]
        t = shift @ turn(-angle) @ np.diag([1.5 * size[0] / 30, 1.2 * size[1] / 20, 1]) @ back
    y = np.eye(4)
    y[:2, :2], y[:2, 3] = t[:2, :2], t[:2, 2]
    return [y.reshape(1, 4, 4).astype(np.float32)]


@cases(version=[1, 2], expected=matrix)
def test_landmarks_to_transform_matrix(version: int) -> Model:
    m = Model()
    x = m.input([1, 1, 1, 15] if version == 1 else [1, 5, 3], low=1, high=50)
    options = V1 if version == 1 else V2
    return m.outputs(m.op("Landmarks2TransformMatrix", [x], [m.tensor(shape=[1, 4, 4])], custom=options))
