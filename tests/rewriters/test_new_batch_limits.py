"""A new batch: MediaPipe's custom ops take images one by one and follow it; what keeps states or takes one image is an
error that says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.runtime import OnnxRuntime

POOL = np.array([1, 2, 2, 2, 2, 0, 0], np.int32).tobytes()
"""TfLitePoolParams: SAME, strides and windows of 2 x 2, no activation."""


def there_and_back(places: str) -> bytes:
    """Each window's highest value at its place, zeros elsewhere; the batch is 1, and then reshaped."""
    m = Model()
    x = m.input([1, 4, 6, 2], name="x")
    if places == "int32":  # LiteRT's places in the result are given
        best, at = x, m.input([1, 4, 6, 2], "int32", low=0, high=100, name="at")
        y = m.tensor(shape=[1, 8, 12, 2])
    else:
        best, at, y = m.tensor(shape=[1, 2, 3, 2]), m.tensor(shape=[1, 2, 3, 2]), m.tensor(shape=[1, 4, 6, 2])
        m.op("MaxPoolingWithArgmax2D", [x], [best, at], custom=POOL)
    y = m.op("MaxUnpooling2D", [best, at], [y], custom=POOL)
    count = int(np.prod(y.shape or []))
    y = m.op("RESHAPE", [y, m.const(np.array([1, count], np.int32))], [m.tensor(shape=[1, count])])
    return m.outputs(y).bytes()


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("batch", [3, "N"])
@pytest.mark.parametrize("places", ["float32", "int32"])
def test_images_go_one_by_one(places: str, batch: Any, exact: bool) -> None:
    data = there_and_back(places)
    whole = lab.convert(data, exact=exact)
    shapes = {i.name: (batch, 4, 6, 2) for i in whole.model.graph.input}
    many = lab.convert(data, inputs=shapes, exact=exact)
    rng = np.random.default_rng(0)
    given: list[Any] = [rng.normal(size=(3, 4, 6, 2)).astype(np.float32)]
    if places == "int32":
        given.append(np.stack([rng.permutation(192)[:48].reshape(4, 6, 2) for _ in range(3)]).astype(np.int32))
    (got,) = OnnxRuntime(many.model).run(given)
    rows = [OnnxRuntime(whole.model).run([v[i : i + 1] for v in given])[0] for i in range(3)]
    assert np.count_nonzero(got)
    np.testing.assert_array_equal(got, np.concatenate(rows))


def test_a_state_belongs_to_the_files_batch() -> None:
    m = Model()
    x, state = m.input([1, 3], name="x"), m.tensor(shape=[1, 8], variable=True, name="memory")
    feature, time = m.const(np.ones((2, 3), np.float32)), m.const(np.ones((2, 4), np.float32))
    y = m.op("SVDF", [x, feature, time, None, state], [m.tensor(shape=[1, 2])], rank=1)
    data = m.outputs(y).bytes()
    assert lab.convert(data, inputs={"x": (1, 3)}).states
    for batch in (2, "N"):
        with pytest.raises(lab.ConversionError, match=r"keeps memory of shape \[1, 8\].* run it once for each stream"):
            lab.convert(data, inputs={"x": (batch, 3)})


def test_detections_are_of_one_image() -> None:
    m = Model()
    x = [m.input([1, 4, 4], name="boxes"), m.input([1, 4, 2], name="scores"), m.const(np.ones([4, 4], np.float32))]
    outs = [m.tensor(shape=s) for s in ([1, 2, 4], [1, 2], [1, 2], [1])]
    scales = dict.fromkeys(("y_scale", "x_scale", "h_scale", "w_scale"), 1.0)
    options = {"max_detections": 2, "max_classes_per_detection": 1, "num_classes": 1, "use_regular_nms": False,
               "nms_score_threshold": 0.1, "nms_iou_threshold": 0.5, "detections_per_class": 1, **scales}  # fmt: skip
    m.op("TFLite_Detection_PostProcess", x, outs, custom=options)
    data = m.outputs(*outs).bytes()
    assert lab.convert(data).model.graph.output
    with pytest.raises(lab.ConversionError, match=r"TFLite_Detection_PostProcess \(op 0.*one image at a time"):
        lab.convert(data, inputs={"boxes": ("N", 4, 4), "scores": ("N", 4, 2)})
