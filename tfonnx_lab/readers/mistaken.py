"""What is handed over by mistake, by its name: files that are no TFLite model, and what to do instead."""

from __future__ import annotations

_ONNX_VERSIONS = range(3, 20)

_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; fetch that with `git lfs pull`"),
    (b"\x89HDF", "a Keras or HDF5 file; name it .h5, or load it in Keras and convert the model"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x08\x01\x12", "a TensorFlow SavedModel's graph; convert the folder that it lies in"),
    (b'{"module": "keras', "a Keras model's structure without weights; load it in Keras, and convert the model"),
    (b"%PDF", "a PDF document"),
    (b"{", "a text file (JSON)"),
)


def what_it_is(data: bytes) -> str:
    """What a file that does not begin as a TFLite model is, and what to do; empty where that cannot be told.

    data: the first bytes of the file, some hundreds.
    """
    text = data.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "an HTML page, not the file itself; download that from the page (on GitHub: raw)"
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    if data[4:8] == b"ORTM":
        return "a model in ONNX Runtime's own format (.ort), made from an ONNX file"
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if _is_onnx(data):
        return "an ONNX model already"
    if data[:1] == b"\x0a" and (b"Placeholder" in data or b"Const" in data):
        return "a frozen TensorFlow graph (.pb); save it as a SavedModel and convert that folder"
    return ""


def _archive(data: bytes) -> str:
    if b"metadata.json" in data or b"config.json" in data or b"model.weights.h5" in data:
        return "a Keras model; name it .keras"
    if b"saved_model.pb" in data or b"/variables/" in data:
        return "a SavedModel in a zip archive; unpack it and convert the folder"
    if b"data.pkl" in data:
        return "a PyTorch file; convert it to TFLite, or to ONNX, with PyTorch"
    return "a zip archive (a MediaPipe .task is one); unpack it and convert the .tflite files in it"


def _is_onnx(data: bytes) -> bool:
    """Whether it begins as a ModelProto: the version of the format, then the producer or the graph."""
    return (
        len(data) > 3
        and data[0] == 0x08
        and data[1] in _ONNX_VERSIONS
        and data[2] in (0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42)
    )
