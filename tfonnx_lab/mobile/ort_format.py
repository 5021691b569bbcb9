"""Writes files of the ORT format, and proves each before it gets its name: loaded again, its numbers are the ONNX
session's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import check_targets, drafts
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.mobile.ort_check import OutputCheck, compared, described, runnable
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_tensors import DTYPES, LAST_OF_SCHEMA
from tfonnx_lab.mobile.sessions import OrtSettings, ort_format_session, write_file, write_replayed
from tfonnx_lab.mobile.shown import Answer, Section
from tfonnx_lab.mobile.source import Source
from tfonnx_lab.mobile.zero_points import with_zero_points
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.texts import human

LARGEST = 2**31 - 2**20
"""How many bytes of constants fit: a FlatBuffers file ends at 2 GB, and the graph needs some of it."""

_SMALL = frozenset(DTYPES[n] for n in DTYPES if n > LAST_OF_SCHEMA)


@dataclass(frozen=True)
class Saved(Answer):
    """What was written, and how it was checked.

    path: of the file; None where it was only made, not saved.
    model: what it holds.
    onnx_size: bytes of the ONNX model's file.
    outputs: see `OutputCheck`.
    notes: what could not be checked, and why; what to know when it runs.
    """

    name: str
    settings: OrtSettings
    model: OrtModel
    onnx_size: int
    outputs: tuple[OutputCheck, ...]
    notes: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def bit_equal(self) -> bool:
        """Whether every output is that of an ONNX session with the same optimizations, bit for bit."""
        return bool(self.outputs) and all(o.equal for o in self.outputs)

    @property
    def title(self) -> str:
        """The heading."""
        return f"{self.path or self.name}: ORT format, {self.settings}"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Sizes, nodes, how it was checked."""
        yield "size", f"{human(self.model.size)} (ONNX {human(self.onnx_size)})"
        yield "nodes", str(len(self.model.nodes))
        if self.model.records:
            yield "recorded", f"{len(self.model.records)} optimizations for later"
        if self.outputs:
            word = "bit-equal to" if self.bit_equal else "NOT equal to"
            yield "checked", f"loaded again; {word} an ONNX session with the same optimizations, on the same inputs"
        for note in self.notes:
            yield "note", note

    def sections(self) -> Iterator[Section]:
        """The outputs."""
        yield Section(
            "Outputs beside those of the ONNX model",
            ("output", "dtype", "same optimizations", "default session, largest difference", "relative"),
            tuple((o.name, o.dtype, "bit-equal" if o.equal else "differs", _number(o.error),
            _number(o.relative)) for o in self.outputs),
            2,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """As plain data, with the file's own contents left to `model.to_json()`."""
        return {
            "path": None if self.path is None else str(self.path), "name": self.name, "style": self.settings.style,
            "level": self.settings.level, "target_platform": self.settings.target_platform, "size": self.model.size,
            "onnx_size": self.onnx_size, "nodes": len(self.model.nodes), "recorded": len(self.model.records),
            "bit_equal": self.bit_equal, "notes": list(self.notes),
            "outputs": [{"name": o.name, "dtype": o.dtype, "bit_equal": o.equal, "error": o.error,
            "relative": o.relative}
                        for o in self.outputs],
        }  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


@dataclass(frozen=True)
class Loaded(Answer):
    """An .ort file that somebody else wrote: it loads, and this is what it gives.

    outputs: (name, type, shape) of a run on random inputs; empty where `note` says why there was none.
    """

    model: OrtModel
    outputs: tuple[tuple[str, str, tuple[int, ...]], ...]
    note: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.model.title

    def facts(self) -> Iterator[tuple[str, str]]:
        """What the file is, and that it runs."""
        yield from self.model.facts()
        yield "checked", self.note or "loaded and run on random inputs; there is no ONNX model to compare it with"

    def sections(self) -> Iterator[Section]:
        """The outputs."""
        rows = tuple((name, dtype, "x".join(map(str, shape)) or "scalar") for name, dtype, shape in self.outputs)
        yield Section("Outputs", ("output", "type", "shape"), rows)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        rows = [{"name": name, "dtype": dtype, "shape": list(shape)} for name, dtype, shape in self.outputs]
        return {"name": self.model.name, "style": self.model.style, "size": self.model.size,
                "nodes": len(self.model.nodes), "recorded": len(self.model.records), "outputs": rows,
                "note": self.note}  # fmt: skip


def load_ort(source: Source) -> Loaded:
    """Load an .ort file and run it. Raises ConversionError where ONNX Runtime cannot load it."""
    assert source.ort is not None
    try:
        session = ort_format_session(source.data or str(source.path))
    except ConversionError as error:
        raise ConversionError(f"{source.name}: {error}") from error
    try:
        found = runnable(session, 0)[1]
    except ConversionError as error:
        return Loaded(source.ort, (), f"loaded, but it runs neither on random inputs nor on ones ({error})")
    return Loaded(source.ort, tuple((n, *described(v)) for n, v in found.items()))


def save_ort(source: Source, path: str | os.PathLike[str], settings: OrtSettings) -> Saved:
    """Write the model to a file of the ORT format.

    path: its name, which ends in .ort. It gets it when all is well; until then it lies in a temporary folder.
    Raises ConversionError where the format cannot hold the model, the file cannot be written, or its numbers are
    others.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ConversionError(f"path={path!r} is not known; it is a path that ends in .ort")
    target = Path(path)
    check_targets([target], source.originals())
    if target.suffix != ".ort":
        raise ConversionError(f"{target}: the name has to end in .ort, by which ONNX Runtime knows the format")
    with tempfile.TemporaryDirectory(prefix="tfonnx_lab_") as folder:
        saved = make_ort(source, settings, Path(folder))
        with drafts([target], source.originals()) as [draft]:
            shutil.copyfile(Path(folder) / "model.ort", draft)
    return replace(saved, path=target)


def make_ort(source: Source, settings: OrtSettings, folder: Path) -> Saved:
    """Write `model.ort` into `folder`, load it again and compare it. Raises ConversionError as `save_ort` does."""
    draft = folder / "model.ort"
    try:
        found, used = written(source, settings, draft)
        model = source.onnx_file(folder)
        outputs, notes = compared(model, draft, used)
    except ConversionError as error:
        raise ConversionError(f"{source.name}: {error}") from error
    except OSError as error:
        raise ConversionError(f"{source.name}: {error.strerror or error}") from error
    if found.records:
        notes.append(
            f"what it recorded is applied only in a session with {REPLAY}=1 of a whole or an extended minimal build; "
            "in any other one those ops run unfused"
        )
    if used != settings:
        notes.append(
            f"nothing is recorded for later (level {used.level}): ONNX Runtime could not load again what it recorded "
            "of this model"
        )
    return Saved(source.name, used, found, model.stat().st_size, outputs, tuple(notes))


def written(source: Source, settings: OrtSettings, draft: Path, apply: bool = False) -> tuple[OrtModel, OrtSettings]:
    """Write the model to `draft` and read it, without running it.

    apply: apply what the Runtime style would record (see `write_file`).
    Returns what the file holds, and the settings that it has: where ONNX Runtime cannot replay what it recorded (of a
    MatMul without a QuantizeLinear behind it, for example: "Not enough produced nodes in the runtime optimization
    record"), the file is written at level basic, which records nothing. Raises ConversionError where the format cannot
    hold the model.
    """
    found = _written(source, settings, draft, apply)
    if found.records and source.ort is None:
        try:
            ort_format_session(draft)
        except ConversionError:
            settings = replace(settings, level="basic")
            found = _written(source, settings, draft, apply)
    return found, settings


def _written(source: Source, settings: OrtSettings, draft: Path, apply: bool) -> OrtModel:
    if source.ort is not None and apply:
        write_replayed(source.data or str(source.path), draft)
        return replace(read_ort(draft.read_bytes()), name=source.name)
    if source.ort is not None:
        raise ConversionError(
            "it is in the ORT format already, optimized for good; write another one of its .onnx or .tflite"
        )
    check_it_fits(source.ir_model, settings)
    write_file(_to_write(source, settings, draft.parent), draft, settings, apply)
    found = read_ort(draft.read_bytes())
    small = sorted(
        {v.dtype for n in found.nodes for name in n.inputs if name for v in [found.value(name, n.path)]} & _SMALL
    )
    if small:
        raise _no_small(small, settings)
    return replace(found, name=source.name)


def _to_write(source: Source, settings: OrtSettings, folder: Path) -> Path:
    """The ONNX file to write; for the Runtime style one in which biases have zero points, as converted models have
    them."""
    if settings.style == "Fixed" or source.conversion is not None:
        return source.onnx_file(folder)
    model = onnx.ModelProto()
    model.CopyFrom(source.proto)
    if not with_zero_points(model):
        return source.onnx_file(folder)
    target = folder / "with_zero_points.onnx"
    onnx.save(model, target)
    return target


def check_it_fits(model: ir.Model, settings: OrtSettings) -> None:
    """Refuse, before anything runs, what the file could not hold: more than 2 GB, or tensors of 4 bits.

    Casts of constants are folded from level basic on, so float16 weights grow to float32.
    """
    folds, size, grown = settings.level != "disable", 0, 0
    small = set()
    for value, tensor in _constants(model):
        size += tensor.nbytes
        uses = [node for node, _ in value.uses()] if value is not None else []
        if folds and uses and all(n.op_type == "Cast" for n in uses):
            grown += max(int(tensor.size * _target_size(n)) for n in uses) - tensor.nbytes
        elif uses and tensor.dtype.name.lower() in _SMALL:
            small.add(tensor.dtype.name.lower())
    if small and settings.level in ("disable", "basic"):
        raise _no_small(sorted(small), settings)
    if size + max(grown, 0) > LARGEST:
        keeps = " level='disable' keeps its float16 weights." if size <= LARGEST else ""
        raise ConversionError(
            f"its constants take {human(size + max(grown, 0))}, and a file of the ORT format ends at 2 GB.{keeps} "
            "What to do: quantize the weights (int8 is a quarter of float32), or run the .onnx file, whose weights "
            "may stand beside it"
        )


def _constants(model: ir.Model) -> Iterator[tuple[ir.Value | None, ir.TensorProtocol]]:
    for graph in (model.graph, *model.graph.subgraphs()):
        for value in graph.initializers.values():
            if value.const_value is not None:
                yield value, value.const_value
    for node in all_nodes(model.graph):
        held = node.attributes.get("value")
        if node.op_type == "Constant" and held is not None:
            yield node.outputs[0], held.as_tensor()


def _target_size(cast: ir.Node) -> float:
    """Bytes of an element behind a Cast."""
    return ir.DataType(cast.attributes["to"].as_int()).itemsize


def _no_small(dtypes: Sequence[str], settings: OrtSettings) -> ConversionError:
    return ConversionError(
        f"the ORT format has no {' and '.join(dtypes)} tensors, and {settings} leaves some: ONNX Runtime would write "
        "a file that it cannot load. What to do: style='Fixed' with level='extended' or 'all', where MatMulNBits "
        "takes in the weights of a MatMul; or convert again without opset 21's 4-bit tensors (opset=18 stores them "
        "as bytes)"
    )
