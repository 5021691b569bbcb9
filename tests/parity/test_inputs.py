"""Inputs that mean something: a drawn picture by default, and pictures, sounds and arrays out of files."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.litert import LiteRT, default_inputs
from tfonnx_lab.litert.input_files import runs_from
from tfonnx_lab.litert.natural import picture, sound
from tfonnx_lab.parity import compare
from tfonnx_lab.readers.metadata import Normalization, normalizations

MODELS = Path(__file__).parents[3] / "shared" / "models"


def detail(shape: list[int], dtype: Any = np.float32, scale: float | None = None, zero: int = 0) -> dict[str, Any]:
    scales, zeros = ([scale], [zero]) if scale is not None else ([], [])
    parameters = {"scales": np.array(scales), "zero_points": np.array(zeros), "quantized_dimension": 0}
    return {
        "name": "serving_default_x:0",
        "shape": np.array(shape),
        "dtype": dtype,
        "quantization_parameters": parameters,
    }


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Red above, blue below, 40 x 20 pixels."""
    array = np.zeros((20, 40, 3), np.uint8)
    array[:10, :, 0], array[10:, :, 2] = 255, 255
    Image.fromarray(array).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def tone(path: Path, values: list[int], width: int = 2, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(16000)
        file.writeframes(b"".join(v.to_bytes(width, "little", signed=width > 1) for v in values))
    return path


def test_the_picture_is_one() -> None:
    """It has edges and smooth parts and colours, and is the same each time and at each size."""
    drawn = picture(96, 128)
    assert drawn.shape == (96, 128, 3) and drawn.dtype == np.float32
    assert drawn.min() < 0.15 and drawn.max() > 0.95 and drawn.std() > 0.15
    assert np.abs(drawn[..., 0] - drawn[..., 2]).mean() > 0.1
    steps = np.abs(np.diff(drawn.mean(-1), axis=1))
    assert np.median(steps) < 0.03 < steps.max(), "neighbours are alike, but for edges"
    assert np.array_equal(drawn, picture(96, 128))
    half = picture(192, 256).reshape(96, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(half - drawn).mean() < 0.05
    assert picture(32, 32, 1).shape == (32, 32, 1) and (picture(32, 32, 4)[..., 3] == 1).all()


def test_the_sound_is_one() -> None:
    heard = sound(16000)
    assert heard.shape == (16000,) and 0.3 < np.abs(heard).max() <= 1 and 0.05 < heard.std() < 0.5


@pytest.mark.parametrize(("given", "low", "high"), [
    (detail([1, 32, 32, 3]), 0.0, 1.0), (detail([1, 3, 32, 32]), 0.0, 1.0),
    (detail([2, 32, 32, 3], np.uint8, 1 / 128, 128), 0, 255),
    (detail([1, 32, 32, 1], np.int8, 1 / 255, -128), -128, 127),
    (detail([1, 32, 32, 3], np.int32), 0, 255), (detail([1, 16000]), -1.0, 1.0),
    (detail([1, 32, 32, 3], np.uint8), 0, 255),
])  # fmt: skip
def test_what_looks_like_a_picture_or_a_sound_gets_one(given: dict[str, Any], low: float, high: float) -> None:
    (found,) = default_inputs([given])
    assert list(found.shape) == list(given["shape"]) and found.dtype == given["dtype"]
    assert low <= found.min() and found.max() <= high and np.ptp(found.astype(float)) > 0.6 * (high - low)
    along = 1 if found.ndim == 2 else 2  # a picture's height, or its width where channels come first
    near, next_to = (np.delete(found, at, along).astype(float).ravel() for at in (-1, 0))
    assert np.corrcoef(near, next_to)[0, 1] > 0.4, "not noise"


def test_anything_else_is_random() -> None:
    (found,) = default_inputs([detail([1, 128])])
    assert found.min() < -0.9 and found.max() > 0.9
    assert np.array_equal(found, default_inputs([detail([1, 128])])[0])


def test_what_the_model_states_is_done() -> None:
    given = detail([1, 8, 8, 3])
    (found,) = default_inputs([given], stated=[Normalization((127.5,), (127.5,))])
    assert np.allclose(found[0], picture(8, 8) * 2 - 1, atol=1e-6)
    quantized = detail([1, 8, 8, 3], np.uint8, 1 / 128, 128)
    (codes,) = default_inputs([quantized], stated=[Normalization((127.5,), (127.5,))])
    assert np.abs((codes[0].astype(float) - 128) / 128 - (picture(8, 8) * 2 - 1)).max() <= 1 / 128


@pytest.mark.models
@pytest.mark.parametrize(("name", "mean", "std"), [
    ("efficientdet_lite0_int8", 127.5, 127.5), ("mediapipe_hand_landmark_full_fp16", 0.0, 255.0),
])  # fmt: skip
def test_metadata_is_read(name: str, mean: float, std: float) -> None:
    (found,) = normalizations((MODELS / f"{name}.tflite").read_bytes())
    assert found is not None and set(found.mean) == {mean} and set(found.std) == {std}


def test_no_metadata_states_nothing() -> None:
    assert normalizations(samples.path("digits_int8").read_bytes()) == []


def test_a_photo(photo: Path) -> None:
    ((found,),) = runs_from(photo, [detail([1, 10, 10, 3])])
    assert found.shape == (1, 10, 10, 3)
    assert np.allclose(found[0, 0], [1, 0, 0]) and np.allclose(found[0, -1], [0, 0, 1])
    ((first,),) = runs_from(photo, [detail([1, 3, 10, 10], np.uint8)])
    assert (first[0, 0, 0] == 255).all() and (first[0, 2, 0] == 0).all()
    ((grey,),) = runs_from(photo, [detail([1, 10, 10, 1])])
    assert np.allclose(grey[0, 0], 0.299, atol=0.01)
    ((signed,),) = runs_from(photo, [detail([1, 10, 10, 3], np.int8, 1 / 255, -128)])
    assert (signed[0, 0, 0] == [127, -128, -128]).all()


@pytest.mark.parametrize(("width", "most"), [(1, 255), (2, 32767), (3, 2**23 - 1), (4, 2**31 - 1)])
def test_a_sound(tmp_path: Path, width: int, most: int) -> None:
    silence = 128 if width == 1 else 0
    path = tone(tmp_path / "tone.wav", [silence, most, silence, most], width)
    ((found,),) = runs_from(path, [detail([1, 6])])
    assert np.allclose(found, [[0, 1, 0, 1, 0, 0]], atol=0.01), "filled up with silence"
    ((cut,),) = runs_from(path, [detail([2])])
    assert np.allclose(cut, [0, 1], atol=0.01)
    stereo = tone(tmp_path / "stereo.wav", [silence, most, silence, most], width, 2)
    ((mixed,),) = runs_from(stereo, [detail([2])])
    assert np.allclose(mixed, 0.5, atol=0.01)


def test_arrays(tmp_path: Path) -> None:
    a, b = np.arange(6, dtype=np.float32).reshape(1, 6), np.ones((1, 2), np.int32)
    np.save(tmp_path / "a.npy", a[0])
    ((found,),) = runs_from(tmp_path / "a.npy", [detail([1, 6])])
    assert np.array_equal(found, a), "a batch of one may be left out"
    named = [detail([1, 6]), detail([1, 2], np.int32) | {"name": "ids"}]
    np.savez(tmp_path / "named.npz", ids=b, x=a)
    np.savez(tmp_path / "plain.npz", in0=a, in1=b)
    for file in ("named.npz", "plain.npz"):
        ((first, second),) = runs_from(tmp_path / file, named)
        assert np.array_equal(first, a) and np.array_equal(second, b)
    np.save(tmp_path / "b.npy", b)
    ((first, second),) = runs_from([tmp_path / "a.npy", tmp_path / "b.npy"], named)
    assert np.array_equal(first, a) and np.array_equal(second, b)


def test_a_folder_is_several_runs(tmp_path: Path) -> None:
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.full((1, 4), number, np.float32))
    (tmp_path / "notes.txt").write_text("no input")
    assert [run[0][0, 0] for run in runs_from(tmp_path, [detail([1, 4])])] == [0, 1, 2]


@pytest.mark.parametrize(("name", "content", "said"), [
    ("text.png", b"no picture", "cannot be read as a picture"),
    ("text.wav", b"no sound", "cannot be read as PCM sound"), ("text.npy", b"no array", "cannot be read as arrays"),
    ("notes.txt", b"", "not a picture, a .wav, an .npy"),
])  # fmt: skip
def test_what_is_no_input_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    wanted = detail([1, 16]) if name.endswith("wav") else detail([1, 8, 8, 3])
    with pytest.raises(lab.ConversionError, match=said) as caught:
        runs_from(tmp_path / name, [wanted])
    assert name in str(caught.value)


def test_what_does_not_fit_is_told(tmp_path: Path, photo: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((1, 2, 3), np.float32))
    cases = [(photo, "no input for it; it takes x float32"), (tmp_path / "wide.npy", "the input is x float32"),
             (tmp_path / "none.png", "no such|no input for it"), ([photo, photo], "2 files are")]  # fmt: skip
    for given, said in cases:
        with pytest.raises(lab.ConversionError, match=said):
            runs_from(given, [detail([1, 16])])  # type: ignore[arg-type]
    (tmp_path / "empty").mkdir()
    with pytest.raises(lab.ConversionError, match="in this folder"):
        runs_from(tmp_path / "empty", [detail([1, 16])])


def test_compare_takes_files(tmp_path: Path) -> None:
    result = lab.convert(samples.path("digits_float"))
    (wanted,) = LiteRT(result.source).inputs
    assert list(wanted["shape"]) == [1, 8, 8, 1]
    for number in range(2):
        Image.fromarray((picture(16, 16, 1)[..., 0] * 255 / (number + 1)).astype(np.uint8)).save(
            tmp_path / f"{number}.png"
        )
    parity = compare(result, tmp_path)
    assert len(parity.runs) == 2 and parity.verdict.ok
    assert parity.inputs is not None and parity.inputs[0].max() > 0.7 > parity.runs[1][0].max()
