"""The file holds the same model as the protobuf, however much of it is written by itself."""

from __future__ import annotations

import io

import onnx
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion.writer import write_model


def parts(model: onnx.ModelProto) -> tuple[dict[str, bytes], bytes]:
    """The constants by name, and everything else."""
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    del rest.graph.initializer[:]
    return {t.name: t.SerializeToString(deterministic=True) for t in model.graph.initializer}, rest.SerializeToString(
        deterministic=True
    )


@pytest.mark.parametrize("heavy", [0, 100, 10**9])
@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_the_file_is_the_model(name: str, heavy: int) -> None:
    result = lab.convert(samples.path(name))
    file = io.BytesIO()
    write_model(result.ir_model, file, heavy)
    assert parts(onnx.ModelProto.FromString(file.getvalue())) == parts(result.model)
    assert all(v.const_value is not None for v in result.ir_model.graph.initializers.values())
