"""The stepper knows which steps belong to which layer."""

from __future__ import annotations

from pathlib import Path

import tfonnx_lab as lab
from tfonnx_lab.trace import touched
from tfonnx_lab.widgets.stepper import steps_of_layers

SAMPLES = Path(lab.__file__).parent / "samples"


def test_a_layers_steps() -> None:
    """Each step that a layer's own ops led to, and no other; a trace alone knows none."""
    result = lab.convert(SAMPLES / "digits_float.tflite")
    stepper = lab.Stepper(result)
    assert stepper.layers == steps_of_layers(result)
    assert stepper.layers
    for path, steps in stepper.layers.items():
        own = {op for row in result.layers.within(path) for op in row.ops}
        assert steps == [i for i, ops in enumerate(touched(result.trace)) if own & set(ops)]
        assert {i for i, step in enumerate(result.trace) if own & set(step.origin)} <= set(steps)
    assert lab.Stepper(result.trace).layers == {}
