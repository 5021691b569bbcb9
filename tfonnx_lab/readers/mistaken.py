"""Files that are given by mistake: what each is, and what to do instead."""

from __future__ import annotations

_ONNX_VERSIONS = range(3, 20)

_OTHER = "its runtime reads it, and nothing converts it back; convert the model that it was made from"

_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; fetch that with `git lfs pull`"),
    (b"\x89HDF", "a Keras or HDF5 file; name it .h5, or load it in Keras and convert the model"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x08\x01\x12", "a TensorFlow SavedModel's graph; convert the folder that it lies in"),
    (b'{"module": "keras', "a Keras model's structure without weights; load it in Keras, and convert the model"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"\x93NUMPY", "an array of numpy (.npy); --input takes it, beside a model"),
    (b"\x7fELF", "a program or library (ELF)"),
    (b"LITERTLM", "a LiteRT-LM bundle (.litertlm); take the .tflite files out of it"),
    (b"GGUF", f"a model for llama.cpp (GGUF): {_OTHER}"),
    (b"RKNN", f"a model for Rockchip's NPU (RKNN): {_OTHER}"),
    (b"7767517", f"a model for ncnn (.param): {_OTHER}"),
    (b"ptrt", f"a TensorRT engine: {_OTHER}"),
    (b"ftrt", f"a TensorRT engine: {_OTHER}"),
    (b"[net]", f"a Darknet configuration (.cfg): {_OTHER}"),
)

_FLATBUFFERS = {
    b"ORTM": "a model in ONNX Runtime's own format (.ort), made from an ONNX file",
    b"ET12": f"a program for ExecuTorch (.pte): {_OTHER}",
    b"CIR0": "a Circle model of Samsung's ONE compiler, made from a .tflite file; convert that",
    b"MSL": f"a model for MindSpore Lite (.ms): {_OTHER}",
    b"ENNC": f"a model for Samsung's NPU (.nnc): {_OTHER}",
    b"TOSA": f"a TOSA graph: {_OTHER}",
}
"""What stands at bytes 4 to 8 of flatbuffers of other formats."""

_TEXTS = (
    (b'"nbformat"', "a notebook (.ipynb)"),
    (b'"modelTopology"', "a TensorFlow.js model; convert it to a SavedModel and take that folder"),
    (b'"header"', "a trace of tfonnx_lab; look at it with lab.Stepper(lab.load_trace(path))"),
    (b'"class_name"', "a Keras architecture without weights (JSON); load it in Keras and convert the model"),
)
"""What stands in files of JSON."""


def what_it_is(data: bytes) -> str:
    """What a file that does not begin as a TFLite model is, and what to do; empty where that cannot be told.

    data: the first bytes of the file, some hundreds or thousands.
    """
    text = data.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "an HTML page, not the file itself; download that from the page (on GitHub: raw)"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data)
    for mark, kind in _FLATBUFFERS.items():
        if data[4:8].startswith(mark):
            return kind
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle (a PyTorch or scikit-learn file); convert the model where it was made"
    if data[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    if data[8:10] in (b'{"', b"{ "):
        return "weights without a model (safetensors); convert the model that they belong to"
    if _is_core_ml(data):
        return f"a model for Apple's Core ML (.mlmodel): {_OTHER}"
    if _is_onnx(data):
        return "an ONNX model already"
    if data[:1] == b"\x0a" and (b"Placeholder" in data or b"Const" in data):
        return "a frozen TensorFlow graph (.pb); name it .pb, or say --graphdef"
    return _text(data, text) if data.strip(b"\0") else "nothing but zeros: a download that did not end?"


def _archive(data: bytes) -> str:
    if b"metadata.json" in data or b"config.json" in data or b"model.weights.h5" in data:
        return "a Keras model; name it .keras"
    if b"saved_model.pb" in data or b"/variables/" in data:
        return "a SavedModel in a zip archive; unpack it and convert the folder"
    if b"data.pkl" in data:
        return "a PyTorch file; convert it to TFLite, or to ONNX, with PyTorch"
    return "a zip archive (a MediaPipe .task is one); unpack it and convert the .tflite files in it"


def _is_core_ml(data: bytes) -> bool:
    """Whether it begins as Core ML's Model: a version, then a description that itself begins with a message."""
    return len(data) > 6 and data[0] == 0x08 and data[2] == 0x12 and 0x0A in data[4:6] and data[1] < 16


def _is_onnx(data: bytes) -> bool:
    """Whether it begins as a ModelProto: the version of the format, then the producer or the graph."""
    return (
        len(data) > 3
        and data[0] == 0x08
        and data[1] in _ONNX_VERSIONS
        and data[2] in (0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42)
    )


def _text(data: bytes, text: bytes) -> str:
    """What a file of readable characters is; empty for any other."""
    if text.startswith((b"<?xml", b"<net ")):
        if b"<net " in text:
            return f"a model for OpenVINO (.xml): {_OTHER}"
        return "an error message of a server (XML), not the file itself" if b"<error>" in text else "an XML file"
    if text.startswith((b"{", b"[")):
        return next((kind for mark, kind in _TEXTS if mark in data), "a text file (JSON)")
    readable = all(c in b"\t\r\n" or 32 <= c < 127 or c >= 128 for c in data)
    try:
        data[: max(len(data) - 4, 0)].decode()  # the last character may be cut
    except UnicodeDecodeError:
        return ""
    return "a text file" if readable and len(data) > 8 else ""
