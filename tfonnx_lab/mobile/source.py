"""What the questions of this room are asked of: a Conversion, a .tflite, an .onnx or an .ort file, a ModelProto.

The only file of the room that knows how a model is converted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import onnx
import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.ort_file import is_ort, read_ort
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_onnx import as_onnx
from tfonnx_lab.trace import Trace


@dataclass(frozen=True, eq=False)
class Source:
    """A model, of whichever kind.

    kind: "conversion", "onnx" or "ort".
    name: for messages.
    path: of the .onnx or .ort file, where there is one; of a conversion the file that it was made of.
    conversion, given, ort: the model itself, by kind.
    data: the bytes of an .ort file that was given as such.
    """

    kind: Literal["conversion", "onnx", "ort"]
    name: str
    path: Path | None = None
    conversion: Conversion | None = None
    given: onnx.ModelProto | None = None
    ort: OrtModel | None = None
    data: bytes = field(default=b"", repr=False)

    @cached_property
    def ir_model(self) -> ir.Model:
        """The graph, its weights unread where they lie beside the model. Raises ConversionError for an .ort file."""
        if self.conversion is not None:
            return self.conversion.ir_model
        return ir.load(self.path) if self.path is not None and self.given is None else ir.from_proto(self.proto)

    @cached_property
    def proto(self) -> onnx.ModelProto:
        """The model as a protobuf, with its weights. Raises ConversionError for an .ort file."""
        if self.conversion is not None:
            return self.conversion.model
        if self.given is not None:
            return self.given
        if self.kind == "ort" or self.path is None:
            raise ConversionError(
                f"{self.name}: an .ort file holds no ONNX model; ask the .onnx or .tflite that it was made of"
            )
        try:
            return onnx.load(self.path)
        except Exception as error:  # weights beside the model that are not there: onnx raises errors of its own
            raise ConversionError(f"{self.name}: {error}") from error

    @cached_property
    def as_onnx(self) -> onnx.ModelProto:
        """The model as a protobuf; of an .ort file one with the same nodes, types and constants."""
        return self.proto if self.ort is None else as_onnx(self.ort)

    @cached_property
    def tflite_ops(self) -> dict[int, str]:
        """Position of a TFLite op => its type; empty for a model that was not converted here."""
        if self.conversion is None:
            return {}
        nodes = self.conversion.trace.start["nodes"]
        return {position: node["op"] for node in reversed(nodes) for position in node["origin"]}

    @property
    def trace(self) -> Trace | None:
        """How the model was converted; None for a model that was not."""
        return None if self.conversion is None else self.conversion.trace

    def again(self, **changes: Any) -> Conversion:
        """The same source converted with other options.

        Raises ConversionError where it cannot be, or was not converted here.
        """
        if self.conversion is None:
            raise ConversionError(f"{self.name} was not converted here")
        return convert_with(self.conversion.source, replace(self.conversion.options, **changes))

    def onnx_file(self, folder: Path) -> Path:
        """The model as a file, which is written to `folder` where there is none."""
        if self.kind == "onnx" and self.path is not None:
            return self.path
        target = folder / "model.onnx"
        if target.exists():
            return target
        if self.conversion is not None:
            return self.conversion.save(target)
        target.write_bytes(self.proto.SerializeToString())
        return target

    def originals(self) -> list[Path]:
        """The files that an answer must never overwrite."""
        found = [self.path] if self.path is not None else []
        found += self.conversion.originals if self.conversion is not None else ()
        return [path for path in found if path.exists()]


def source_of(model: Any, **options: Any) -> Source:
    """The source of a model.

    model: a Conversion, a ModelProto or onnx_ir.Model, the path or bytes of a .tflite, .onnx or .ort file (told apart
    by what they hold), or whatever else `convert` takes. options: of the conversion, where there is one to do.
    Raises ConversionError for anything else, and for options of a model that is not converted any more.
    """
    if isinstance(model, Conversion):
        found = _of_conversion(model)
    elif isinstance(model, onnx.ModelProto):
        found = Source("onnx", model.graph.name or "<ModelProto>", given=model)
    elif isinstance(model, ir.Model):
        found = Source("onnx", model.graph.name or "<ir.Model>", given=ir.to_proto(model))
    elif isinstance(model, (str, os.PathLike)):
        found = _of_path(Path(model), options)
    elif isinstance(model, (bytes, bytearray, memoryview)):
        found = _of_bytes(bytes(model), options)
    else:
        found = _of_conversion(convert_with(model, Options(**options)))
    if (options and found.kind != "conversion") or (options and isinstance(model, Conversion)):
        raise ConversionError(f"{found.name} is not converted here, so it takes no options: {', '.join(options)}")
    return found


def _of_conversion(result: Conversion) -> Source:
    if result.failures:
        raise ConversionError(f"{result.name}: ops are left unconverted, so there is nothing to run", result.failures)
    path = Path(result.source) if isinstance(result.source, (str, os.PathLike)) else None
    return Source("conversion", result.name, path, result)


def _of_path(path: Path, options: dict[str, Any]) -> Source:
    if path.is_dir() or path.suffix in (".keras", ".h5", ".tflite"):
        return _of_conversion(convert_with(path, Options(**options)))
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise ConversionError(f"{path}: {error.strerror or error}") from error
    if is_ort(start) or path.suffix == ".ort":
        return Source("ort", str(path), path, ort=read_ort(path))
    if start[4:8] == b"TFL3":
        return _of_conversion(convert_with(path, Options(**options)))
    try:
        skeleton = onnx.load(path, load_external_data=False)
    except Exception as error:
        raise ConversionError(f"{path}: neither a TFLite nor an ONNX nor an ORT format model ({error})") from error
    _checked(skeleton, str(path))
    return Source("onnx", str(path), path)


def _of_bytes(data: bytes, options: dict[str, Any]) -> Source:
    if is_ort(data[:8]):
        return Source("ort", "<bytes>", ort=read_ort(data), data=data)
    if data[4:8] == b"TFL3":
        return _of_conversion(convert_with(data, Options(**options)))
    try:
        model = onnx.load_from_string(data)
    except Exception as error:
        raise ConversionError(f"<bytes>: neither a TFLite nor an ONNX nor an ORT format model ({error})") from error
    return Source("onnx", "<bytes>", given=_checked(model, "<bytes>"))


def _checked(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Protobuf reads many files that it should not: a model has a graph and says of which opset it is."""
    if not model.HasField("graph") or not (model.opset_import or model.ir_version):
        raise ConversionError(f"{name}: neither a TFLite nor an ONNX nor an ORT format model")
    return model
