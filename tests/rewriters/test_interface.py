"""The model's interface as the options want it."""

from __future__ import annotations

import numpy as np

from conformance.models import Model
from conformance.simple import made
from tfonnx_lab import Conversion, convert


def network() -> Model:
    """ADD and MUL of a picture with one of its channels' weights."""
    m = Model()
    x = m.input([1, 4, 5, 3], name="picture")
    y = m.op("ADD", [x, m.const(made([3]))], [m.tensor(name="sum")])
    return m.outputs(m.op("MUL", [y, m.const(made([3]))], [m.tensor(name="product")]))


def interface(result: Conversion) -> list[tuple[str, list[int]]]:
    """Names and shapes of all inputs and outputs."""
    graph = result.model.graph
    return [(v.name, [d.dim_value for d in v.type.tensor_type.shape.dim]) for v in (*graph.input, *graph.output)]


def test_outputs_are_chosen() -> None:
    """An intermediate tensor becomes the output."""
    assert interface(convert(network().bytes(), outputs=("sum",)))[1] == ("sum", [1, 4, 5, 3])


def test_input_shapes_are_fixed() -> None:
    """Another size of the picture goes through to the output."""
    found = interface(convert(network().bytes(), inputs={"picture": (2, 8, 9, 3)}))
    assert found == [("picture", [2, 8, 9, 3]), ("product", [2, 8, 9, 3])]


def test_channels_come_first() -> None:
    """Input and output as NCHW."""
    found = interface(convert(network().bytes(), inputs_as_nchw=("picture",), outputs_as_nchw=("product",)))
    assert [shape for _, shape in found] == [[1, 3, 4, 5], [1, 3, 4, 5]]


def test_names_are_given() -> None:
    """In order."""
    found = interface(convert(network().bytes(), rename_inputs=("x",), rename_outputs=("y",)))
    assert [name for name, _ in found] == ["x", "y"]


def test_detection_takes_real_values() -> None:
    """With dequantize the post-processing of codes computes on real values."""
    m = Model()
    options = {"max_detections": 4, "max_classes_per_detection": 1, "use_regular_nms": False,
    "nms_score_threshold": 0.1,
               "nms_iou_threshold": 0.6, "num_classes": 2, "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0,
               "w_scale": 5.0}  # fmt: skip
    inputs = [m.input([1, 5, 4], "uint8", (1 / 128, 128)), m.input([1, 5, 3], "uint8", (1 / 256, 0)),
              m.const(np.full((5, 4), 99), "uint8", (1 / 255, 0))]  # fmt: skip
    outputs = [m.tensor(shape=s) for s in ([1, 4, 4], [1, 4], [1, 4], [1])]
    m.op("TFLite_Detection_PostProcess", inputs, outputs, custom=options)
    steps = convert(m.outputs(*outputs).bytes(), dequantize=True).trace
    assert any(step.rule["name"] == "real_inputs" for step in steps)
