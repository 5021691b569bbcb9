"""Non-maximum suppression, detection post-processing, and other custom ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, case, cases
from .encoding import Array
from .simple import either, fixed, given, made, one, out


def boxes(count: int) -> Array:
    """Overlapping boxes: y1, x1, y2, x2, some of them with their corners swapped."""
    rng = np.random.default_rng(count)
    corner = rng.uniform(0, 1, (count, 2))
    size = rng.uniform(0.2, 0.6, (count, 2))
    both = np.concatenate([corner, corner + size], axis=1)
    both[::4] = both[::4][:, [2, 3, 0, 1]]
    return both.astype(np.float32)


LIMITS = [
    case(most=5, overlap=0.5, least=0.0), case(most=3, overlap=0.3, least=0.4), case(most=12, overlap=0.5, least=0.2),
    case(most=0, overlap=0.5, least=0.0), case(most=5, overlap=1.0, least=0.0), case(most=5, overlap=0.5, least=2.0),
]  # fmt: skip


@cases(*LIMITS, computed=[True, False])
def test_nms_v4(most: int, overlap: float, least: float, computed: bool) -> Model:
    inputs = [either(boxes(10), True, "float32"), given([10], low=0, high=1, distinct=True), either(most, computed),
              fixed(overlap), fixed(least)]  # fmt: skip
    return one("NON_MAX_SUPPRESSION_V4", *inputs, out=[out("int32"), out("int32")])


@cases(*LIMITS, sigma=[0.0, 0.5])
def test_nms_v5(most: int, overlap: float, least: float, sigma: float) -> Model:
    inputs = [either(boxes(10), True, "float32"), given([10], low=0, high=1, distinct=True), fixed(most, "int32"),
              fixed(overlap), fixed(least), fixed(sigma)]  # fmt: skip
    return one("NON_MAX_SUPPRESSION_V5", *inputs, out=[out("int32"), out(), out("int32")])


HALVES = np.array([[0, 0, 1, 1], [0, 0, 1, 0.5], [0, 0, 0.5, 0.5], [2, 2, 3, 3]], np.float32)
"""Each overlaps the one before by exactly a half."""


@cases(op=["NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"], overlap=[0.5, 0.25], computed=[True, False])
def test_nms_at_the_limit(op: str, overlap: float, computed: bool) -> Model:
    """A box that overlaps by exactly the limit, a score of exactly the least."""
    inputs = [given([4, 4], values=HALVES), given([4], values=[0.9, 0.8, 0.7, 0.25]), fixed(4, "int32"),
              either(np.float32(overlap), computed, "float32"), fixed(0.25)]  # fmt: skip
    sigma = [fixed(0.0)] if op.endswith("5") else []
    return one(op, *inputs, *sigma, out=[out("int32"), *([out()] if sigma else []), out("int32")])


def anchors(count: int) -> Array:
    """Centers and sizes."""
    rng = np.random.default_rng(count)
    return np.concatenate([rng.uniform(0, 1, (count, 2)), rng.uniform(0.2, 0.5, (count, 2))], axis=1).astype(np.float32)


@cases(case(per_detection=1, ties=True), case(per_detection=1, ties=False), case(per_detection=2, ties=False),
       regular=[True, False], classes=[1, 3], background=[0, 1])  # fmt: skip
def test_detection_postprocess(regular: bool, classes: int, background: int, ties: bool, per_detection: int) -> Model:
    """Float: fast and regular suppression, one or more classes a detection, equal scores.

    The order of a box's own classes of equal score is that of std::partial_sort, which C++ leaves open.
    """
    m = Model()
    count = 12
    where = m.input([1, count, 4], low=-1, high=1)
    how: Any = {"values": [0.9, 0.3, 0.9, 0.6, 0.6, 0.1, 0.9]} if ties else {"low": 0, "high": 1, "distinct": True}
    scores = m.input([1, count, classes + background], **how)
    outs = [m.tensor() for _ in range(4)]
    options = {"max_detections": 6, "max_classes_per_detection": min(per_detection, classes), "detections_per_class": 4,
               "use_regular_nms": regular, "nms_score_threshold": 0.2, "nms_iou_threshold": 0.5, "num_classes": classes,
               "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}  # fmt: skip
    m.op("TFLite_Detection_PostProcess", [where, scores, m.const(anchors(count))], outs, custom=options)
    return m.outputs(*outs)


@cases(regular=[True, False])
def test_detection_postprocess_at_the_threshold(regular: bool) -> Model:
    """Scores of exactly the threshold are kept."""
    m = Model()
    inputs = [m.input([1, 3, 4], values=np.zeros(12)), m.input([1, 3, 1], values=[0.25, 0.75, 0.125])]
    apart = np.array([[0, 0, 0.1, 0.1], [1, 1, 0.1, 0.1], [2, 2, 0.1, 0.1]], np.float32)
    outs = [m.tensor() for _ in range(4)]
    options = {"max_detections": 2, "max_classes_per_detection": 1, "detections_per_class": 2,
    "use_regular_nms": regular,
               "nms_score_threshold": 0.25, "nms_iou_threshold": 0.5, "num_classes": 1, "y_scale": 10.0,
               "x_scale": 10.0,
               "h_scale": 5.0, "w_scale": 5.0}  # fmt: skip
    m.op("TFLite_Detection_PostProcess", [*inputs, m.const(apart)], outs, custom=options)
    return m.outputs(*outs)


@cases(dtype=["uint8"], regular=[True, False])
def test_detection_postprocess_quantized(dtype: str, regular: bool) -> Model:
    m = Model()
    count = 10
    where = m.input([1, count, 4], dtype, (1 / 128, 128))
    scores = m.input([1, count, 3], dtype, (1 / 256, 0), low=0, high=255)
    near = np.round(anchors(count) * 255)
    outs = [m.tensor() for _ in range(4)]
    options = {"max_detections": 4, "max_classes_per_detection": 1, "detections_per_class": 100,
    "use_regular_nms": regular,
               "nms_score_threshold": 0.1, "nms_iou_threshold": 0.6, "num_classes": 2, "y_scale": 10.0, "x_scale": 10.0,
               "h_scale": 5.0, "w_scale": 5.0}  # fmt: skip
    m.op("TFLite_Detection_PostProcess", [where, scores, m.const(near, dtype, (1 / 255, 0))], outs, custom=options)
    return m.outputs(*outs)


@cases(size=[16, 32], heads=[1, 2])
def test_hadamard_rotation(size: int, heads: int) -> Model:
    m = Model()
    shape = [2, 3, size * heads]
    options = {"hadamard_size": size, "random_binary_vector": [1, -1] * (size // 2)}
    return m.outputs(m.op("aeq.hadamard_rotation", [m.input(shape)], [m.tensor(shape=shape)], custom=options))


@cases(tolerance=[5.0])
def test_numeric_verify(tolerance: float) -> Model:
    """What quantization debugging puts in: the difference of a dequantized and a float tensor."""
    m = Model()
    q = m.const(made([3, 4], "int8"), "int8", (0.05, 0))
    options = {"tolerance": tolerance, "log_if_failed": False}
    return m.outputs(m.op("NumericVerify", [q, m.input([3, 4])], [m.tensor()], custom=options))
