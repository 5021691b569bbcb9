"""Kernels of a model and the config made of them: equal to what ONNX Runtime's own script makes, which is the
reference."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

import tfonnx_lab as lab
from mobile import models
from tfonnx_lab import samples
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.kernels import Kernels, kernels
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.type_control import TYPE_CONTROL

SHARED = Path(__file__).parents[3] / "shared" / "models"
MADE: dict[str, Callable[[], onnx.ModelProto]] = {
    "small_net": models.small_net,
    "branches": models.branches,
    "many_types": models.many_types,
    "strings": models.strings_to_numbers,
}


def stock_config(paths: list[Path], folder: Path, types: bool) -> str:
    """What ONNX Runtime's script writes for files of the ORT format, without its comments."""
    from onnxruntime.tools.ort_format_model import create_config_from_models

    out = folder / "stock.config"
    create_config_from_models(paths, out, types)
    return "".join(line for line in out.read_text().splitlines(True) if not line.startswith("#"))


@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize("name", MADE)
def test_config_is_the_stock_scripts(name: str, types: bool, tmp_path: Path) -> None:
    path = models.written(MADE[name](), tmp_path / "model.ort")
    assert str(KernelConfig.of(read_ort(path), types=types)) == stock_config([path], tmp_path, types)


def test_an_input_that_is_left_out_is_no_type(tmp_path: Path) -> None:
    path = models.written(models.branches(), tmp_path / "model.ort")
    found = {k.op: k for k in kernels(path)}
    assert set(found) == {"If", "Sin", "Clip"}  # ops of the bodies are there
    assert found["Clip"].inputs == (("float",), (), ("float",))
    assert found["Clip"].uses[0].path == "if.else_branch"


def test_several_models_together_are_the_stock_scripts(tmp_path: Path) -> None:
    paths = [models.written(MADE[name](), tmp_path / f"{name}.ort") for name in ("small_net", "many_types", "strings")]
    assert str(KernelConfig.of(paths)) == stock_config(paths, tmp_path, True)


def test_four_bit_types_have_a_name_here(tmp_path: Path) -> None:
    """The stock script: KeyError: 22."""
    path = models.written(models.four_bits(), tmp_path / "model.ort")
    with pytest.raises(KeyError):
        stock_config([path], tmp_path, True)
    config = KernelConfig.of(path)
    assert config.types["ai.onnx", "DequantizeLinear"]["inputs", 0] == {"Int4x2"}
    assert KernelConfig.parse(str(config)) == config and config.runs(path)


@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_config_of_a_conversion_is_the_stock_scripts(name: str, tmp_path: Path) -> None:
    mobile = Mobile(samples.path(name))
    path = tmp_path / "model.ort"
    mobile.save(path)
    assert str(mobile.config()) == stock_config([path], tmp_path, True)
    assert str(mobile.config(types=False)) == stock_config([path], tmp_path, False)


def test_kernels_name_nodes_and_tflite_ops() -> None:
    mobile = Mobile(samples.path("digits_int8"))
    found = mobile.kernels
    convolutions = next(k for k in found if k.op == "QLinearConv")
    assert {o.split()[0] for o in convolutions.origin} >= {"CONV_2D"}
    assert all(use.name or use.index is not None for use in convolutions.uses)
    assert all(k.origin for k in found if k.op not in ("Transpose", "Reshape", "QuantizeLinear", "DequantizeLinear"))
    assert "CONV_2D" in str(found) and "CONV_2D" in found._repr_html_()
    plain = json.loads(json.dumps(found.to_json()))
    assert {k["op"] for k in plain["kernels"]} == {k.op for k in found}


def test_a_fused_node_names_the_ops_that_went_into_it() -> None:
    found = {k.op: k for k in Mobile(samples.path("digits_float")).kernels}
    assert [use.origin for use in found["FusedConv"].uses] == [
        ("CONV_2D 0",),
        ("DEPTHWISE_CONV_2D 1",),
        ("CONV_2D 2", "ADD 3"),  # the sum is in the kernel
        ("CONV_2D 4",),
    ]


def test_a_node_between_renamed_values_does_not_name_the_ops_before_it() -> None:
    found = {k.op: k for k in Mobile(samples.path("digits_int8")).kernels}
    assert found["Reshape"].origin == ("MEAN 7",)


def test_kernels_are_asked_of_ort_files_and_mobiles_only(tmp_path: Path) -> None:
    path = models.written(models.small_net(), tmp_path / "model.ort")
    by_path, by_model = kernels(str(path)), kernels(read_ort(path))
    assert by_path.uses == by_model.uses and kernels(by_path) is by_path
    with pytest.raises(ConversionError, match=r"Mobile\(model\), not a ModelProto"):
        kernels(models.small_net())
    mobile = Mobile(path)
    assert KernelConfig.of(mobile) == KernelConfig.of(path)
    assert KernelConfig.of([mobile]).runs(mobile)
    assert isinstance(mobile.kernels, Kernels)


def test_type_control_is_that_of_the_installed_runtime() -> None:
    """By its own table, in a process of its own: importing it puts a folder on sys.path."""
    code = """
import json
from onnxruntime.tools.ort_format_model import operator_type_usage_processors as p
found = {}
for key, x in p._create_operator_type_usage_processors().items():
    args = [["inputs", i] for i in getattr(x, "_input_types", {})] + [["outputs", i] for i in getattr(x,
      "_output_types", {})]
    required = {str(i): sorted(t) for i, t in getattr(x, "_required_input_types", {}).items()}
    found[key] = [type(x).__name__, args, required]
print(json.dumps(found))
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    theirs = json.loads(printed.splitlines()[-1])
    assert set(theirs) == {":".join(key) for key in TYPE_CONTROL}
    by = {"DefaultTypeUsageProcessor": ("inputs", 0), "Input1TypedRegistrationProcessor": ("inputs", 1),
          "Output0TypedRegistrationProcessor": ("outputs", 0)}  # fmt: skip
    for key, (kind, args, required) in theirs.items():
        control = TYPE_CONTROL[tuple(key.split(":"))]
        assert control.triple == (kind == "OneHotProcessor")
        if kind == "OneHotProcessor":
            continue
        assert sorted(control.args) == sorted((side, index) for side, index in args), key
        if kind in by and control.registered_by is not None:
            assert control.registered_by == by[kind], key
        for index, words in required.items():
            assert control.always["inputs", int(index)] == set(words), key


@pytest.mark.models
@pytest.mark.parametrize("style", ["Fixed", "Runtime"])
def test_all_shared_models_have_the_stock_scripts_config(style: str, tmp_path: Path) -> None:
    """Both styles, with and without types; a Runtime-style file also as what it is with its optimizations replayed."""
    from onnxruntime.tools.convert_onnx_models_to_ort import OptimizationStyle, convert_onnx_models_to_ort

    sources = sorted(SHARED.glob("*.tflite"))
    assert sources
    for source in sources:
        result = lab.convert(source)
        folder = tmp_path / source.stem
        folder.mkdir()
        result.save(folder / "model.onnx")
        mobile = Mobile(result, style=style)  # type: ignore[arg-type]
        for types in (False, True):
            convert_onnx_models_to_ort(
                folder / "model.onnx", folder, [OptimizationStyle[style]], enable_type_reduction=types
            )
            kind = "required_operators_and_types" if types else "required_operators"
            (path,) = (p for p in folder.glob("*.config") if p.name.split(".")[1] == kind)
            theirs = "".join(line for line in path.read_text().splitlines(True) if not line.startswith("#"))
            assert str(mobile.config(types=types)) == theirs, f"{source.stem}, types {types}"
            assert mobile.config(types=types).runs(mobile)
