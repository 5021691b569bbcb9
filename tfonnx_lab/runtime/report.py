"""report(): a conversion on one page, as text, HTML or JSON."""

from __future__ import annotations

import importlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.runtime.groups import Group, runtime_report
from tfonnx_lab.runtime.saturation import saturation


@dataclass(frozen=True)
class Report:
    """What a conversion made, and what runs.

    size, source_size: bytes of the ONNX and of the TFLite file. ops: op types of the ONNX model. weights: bytes by dtype.
    activations: number of results of kernels by dtype (of ops, where ONNX Runtime cannot load the model). fused_share:
    integer groups among those with Q/DQ around them, None where there are none. islands: (op, name, reason) of float ops
    between codes. outputs: parity of each output with LiteRT. faults: for each kind of quantized op that does not give
    LiteRT's codes, how far off it is by itself, and whether ONNX Runtime's kernel is at fault. saturating: products that
    overflow on some CPUs. notes: what could not be told, and why.
    """

    name: str
    opset: int
    options: dict[str, Any]
    seconds: float
    steps: int
    size: int
    source_size: int | None
    ops: dict[str, int]
    weights: dict[str, int]
    activations: dict[str, int]
    kernels: dict[str, int] = field(default_factory=dict)
    fused_share: float | None = None
    islands: list[tuple[str, str, str]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    saturating: str = ""
    unconverted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def json(self) -> str:
        """The report as JSON."""
        return json.dumps(asdict(self), indent=1, default=str)

    def lines(self) -> list[tuple[str, str]]:
        """The report as (heading, text) pairs."""
        source = "" if self.source_size is None else f" (TFLite {human(self.source_size)})"
        rows = [
            (
                "model",
                f"{short_name(self.name)}, opset {self.opset}, {self.steps} steps in {self.seconds * 1e3:.0f} ms",
            ),
            ("options", ", ".join(f"{k}={v}" for k, v in self.options.items()) or "defaults"),
            ("size", f"{human(self.size)}{source}"),
            ("weights", ", ".join(f"{k} {human(n)}" for k, n in self.weights.items()) or "none"),
            ("activations", ", ".join(f"{n} {k}" for k, n in self.activations.items()) or "none"),
            ("ops", ", ".join(f"{n} {k}" for k, n in self.ops.items())),
            ("kernels", ", ".join(f"{n} {k}" for k, n in self.kernels.items()) or "not known"),
            ("on integers", self.share()),
        ]
        rows += [("float island", f"{len(names)} {op}: {why} ({some(names)})") for op, why, names in self.grouped()]
        rows += [("output", _output(o)) for o in self.outputs]
        rows += [("rounding", text) for text in self.faults]
        rows += [("saturation", self.saturating)] if self.saturating else []
        rows += [("not converted", text) for text in self.unconverted]
        return rows + [("note", text) for text in self.notes]

    def share(self) -> str:
        """How much runs on integers, in words."""
        if self.fused_share is None:
            return "no op stands between Q and DQ"
        return f"{self.fused_share:.1%} of the ops between Q and DQ"

    def grouped(self) -> list[tuple[str, str, list[str]]]:
        """The float islands as (op, reason, names of the nodes)."""
        found: dict[tuple[str, str], list[str]] = {}
        for op, name, why in self.islands:
            found.setdefault((op, why), []).append(name)
        return [(op, why, names) for (op, why), names in found.items()]

    def html(self) -> str:
        """The report as HTML, in the colours of the page that it stands in."""
        from tfonnx_lab.runtime.report_html import fragment

        return fragment(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report to a file: as a page (.html), as JSON (.json) or as text (any other name)."""
        from tfonnx_lab.runtime.report_html import page

        target = Path(path)
        text = {".html": lambda: page(self), ".json": self.json}.get(target.suffix.lower(), lambda: f"{self}\n")()
        target.write_text(text, "utf-8")
        return target

    def _repr_html_(self) -> str:
        return self.html()

    def __str__(self) -> str:
        return "\n".join(f"{k:14} {v}" for k, v in self.lines())


def report(result: Conversion, *, parity: bool = True) -> Report:
    """Gather the report of a conversion. parity: also run LiteRT and ONNX Runtime and compare the outputs."""
    graph = result.ir_model.graph
    notes: list[str] = []
    kernels: dict[str, int] = {}
    activations = Counter(_dtype(v) for n in all_nodes(graph) for v in n.outputs)
    share, islands = None, []
    outputs: list[dict[str, Any]] = []
    faults: list[str] = []
    saturating = ""
    if not result.failures:
        try:
            runtime = runtime_report(result.model, result.options.target)
            kernels, share = dict(runtime.kernels.most_common()), runtime.fused_share
            islands = [(g.op, g.name, g.reason) for g in runtime.islands]
            activations = _activations(graph, runtime.groups)
            saturating = saturation(runtime.model)
        except Exception as error:  # ONNX Runtime's errors share no base class
            notes.append(f"ONNX Runtime cannot load the model: {error}")
        if parity:
            outputs, more = _parity(result)
            notes += more
            if any(o["steps"] for o in outputs) or (share is not None and any(o["error"] for o in outputs)):
                faults, more = _faults(result)
                notes += more
    return Report(
        name=result.name,
        opset=result.options.opset,
        options=result.options.changed(),
        seconds=result.seconds,
        steps=len(result.trace),
        size=result.model.ByteSize(),
        source_size=_source_size(result.source),
        ops=dict(Counter(n.op_type for n in all_nodes(graph)).most_common()),
        weights=_weights(graph),
        activations=dict(activations.most_common()),
        kernels=kernels,
        fused_share=share,
        islands=islands,
        outputs=outputs,
        faults=faults,
        saturating=saturating,
        unconverted=[f"{f.op} at {f.place}: {f.reason}" for f in result.failures],
        notes=notes,
    )


def _parity(result: Conversion) -> tuple[list[dict[str, Any]], list[str]]:
    from tfonnx_lab.parity import compare

    try:
        return [asdict(row) for row in compare(result).outputs], []
    except ConversionError as error:
        return [], [f"no parity: {error}"]
    except Exception as error:  # ONNX Runtime's errors share no base class
        return [], [f"no parity: {type(error).__name__}: {error}"]


def _activations(graph: ir.Graph, groups: Sequence[Group]) -> Counter[str]:
    """dtype => how many kernels give it. What is between Q and DQ in the file and became part of a kernel is none."""
    dtypes = {v.name: _dtype(v) for n in all_nodes(graph) for v in n.outputs}
    return Counter(
        "float" if g.quantized and not g.integer else dtypes.get(name, "unknown")
        for g in groups if g.kernel for name in g.outputs
    )  # fmt: skip


def _faults(result: Conversion) -> tuple[list[str], list[str]]:
    kernels = importlib.import_module("tfonnx_lab.debug.kernels")  # from a floor above
    try:
        return list(kernels.compare_ops(result).lines()), []
    except ConversionError as error:
        return [], [f"ops were not compared one by one: {error}"]


def _weights(graph: ir.Graph) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for value in graph.initializers.values():
        if value.const_value is not None and value.uses():
            sizes[_dtype(value)] += value.const_value.nbytes
    return dict(sizes.most_common())


def _dtype(value: ir.Value) -> str:
    return "unknown" if value.dtype is None else value.dtype.name.lower()


def _source_size(source: Any) -> int | None:
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        return os.path.getsize(source)
    return len(source) if isinstance(source, (bytes, bytearray, memoryview)) else None


def human(count: int) -> str:
    """A number of bytes as people write it."""
    return f"{count / 1e6:.2f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} B"


def short_name(name: str) -> str:
    """A file's name without its folder."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def some(names: Sequence[str], most: int = 2) -> str:
    """The first names, shortened, and how many more there are."""
    shown = ", ".join(name if len(name) <= 40 else f"...{name[-38:]}" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _output(row: dict[str, Any]) -> str:
    steps = "" if row["steps"] is None else f", at most {row['steps']:.0f} steps"
    band = "" if row["band"] is None else f" (LiteRT's own XNNPACK kernels: {row['band']:.2g})"
    return (
        f"{row['name']} {list(row['shape'])}: nrmse {row['nrmse']:.2g}{band}, largest error {row['error']:.3g}{steps}"
    )
