"""report(): a conversion on one page, as text, HTML or JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

from tfonnx_lab.conversion.onnx_pass import OnnxPass
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import write_text
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.reports.facts import Facts
from tfonnx_lab.reports.html import fragment, page
from tfonnx_lab.reports.size import reasons, source_size
from tfonnx_lab.runtime.groups import Group, runtime_report
from tfonnx_lab.runtime.saturation import PRECISION, saturation

if TYPE_CHECKING:
    from tfonnx_lab.parity import OpVerdict, Verdict


class Report(Facts):
    """What a conversion made, and what runs: prints as text, shows as HTML, saves as a page, as JSON or as text."""

    originals: tuple[Path, ...] = ()
    """What was converted, which `save` does not overwrite."""

    def html(self) -> str:
        """The report as HTML, in the colours of the page that it stands in."""
        return fragment(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report to a file: as a page (.html), as JSON (.json) or as text (any other name)."""
        target = Path(path)
        text = {".html": lambda: page(self), ".json": self.json}.get(target.suffix.lower(), lambda: f"{self}\n")()
        return write_text(target, text, self.originals)

    def _repr_html_(self) -> str:
        return self.html()

    def __str__(self) -> str:
        return "\n".join(f"{k:14} {v}" for k, v in self.lines())


def report(result: Conversion, *, parity: bool = True) -> Report:
    """Gather the report of a conversion.

    parity: also run LiteRT and ONNX Runtime, compare the outputs, and judge each op.
    """
    graph = result.ir_model.graph
    notes: list[str] = []
    kernels: dict[str, int] = {}
    activations = Counter(_dtype(v) for n in all_nodes(graph) for v in n.outputs)
    share, islands = None, []
    outputs: list[dict[str, Any]] = []
    judged: Verdict | None = None
    saturating = ""
    size = result.model.ByteSize()
    if not result.failures:
        try:
            runtime = runtime_report(result.model, result.options.target)
            kernels, share = dict(runtime.kernels.most_common()), runtime.fused_share
            islands = [(g.op, g.name, g.reason) for g in runtime.islands]
            activations = _activations(graph, runtime.groups)
            of_a_file = (f"ONNX Runtime's option {PRECISION}=1 avoids it",) if isinstance(result, OnnxPass) else ()
            saturating = saturation(runtime.model, *of_a_file)
        except Exception as error:  # ONNX Runtime's errors share no base class
            notes.append(f"ONNX Runtime cannot load the model: {error}")
        if parity:
            outputs, judged, why = _parity(result)
            notes += [why] if why else []
    made = Report(
        name=result.name,
        opset=result.options.opset,
        options=result.options.changed(),
        seconds=result.seconds,
        steps=len(result.trace),
        size=size,
        source_size=source_size(result.source),
        larger=reasons(result, size),
        ops=dict(Counter(n.op_type for n in all_nodes(graph)).most_common()),
        weights=_weights(graph),
        activations=dict(activations.most_common()),
        kernels=kernels,
        fused_share=share,
        islands=islands,
        outputs=outputs,
        verdict=judged.sentence if judged is not None else "",
        ok=judged.ok if judged is not None else None,
        faults=[f"op {one.position} {one.op}: {one.own.said}" for one in judged.wrong] if judged is not None else [],
        rounding=_rounding(judged) if judged is not None else [],
        saturating=saturating,
        unconverted=[f"{f.op} at {f.place}: {f.reason}" for f in result.failures],
        notes=notes,
    )
    object.__setattr__(made, "originals", result.originals)
    return made


def _parity(result: Conversion) -> tuple[list[dict[str, Any]], Verdict | None, str]:
    """The outputs beside LiteRT's, the verdict, and why there is none."""
    from tfonnx_lab.parity import compare

    outputs: list[dict[str, Any]] = []
    try:
        found = compare(result)
        outputs = [asdict(row) for row in found.outputs]
        return outputs, found.verdict, ""
    except ConversionError as error:
        return outputs, None, f"no verdict: {error}" if outputs else f"no parity: {error}"
    except Exception as error:  # ONNX Runtime's errors share no base class
        return outputs, None, f"no parity: {type(error).__name__}: {error}"


def _rounding(verdict: Verdict) -> list[str]:
    """A line for each type of op that rounds in another way than LiteRT's reference, and is right."""
    kinds: dict[str, list[OpVerdict]] = {}
    for one in verdict.ops:
        kinds.setdefault(one.op, []).append(one)
    lines = []
    for kind, ops in kinds.items():
        off = [one for one in ops if one.status != "wrong" and one.own.worst]
        if off:
            worst = max(off, key=lambda one: (one.own.worst, one.own.share))
            lines.append(f"{kind}: {len(off)} of {len(ops)} ops; the most, op {worst.position}: {worst.own.said}")
    return lines


def _activations(graph: ir.Graph, groups: Sequence[Group]) -> Counter[str]:
    """dtype => how many kernels give it. What is between Q and DQ in the file and became part of a kernel is none."""
    dtypes = {v.name: _dtype(v) for n in all_nodes(graph) for v in n.outputs}
    return Counter(
        "float" if g.quantized and not g.integer else dtypes.get(name, "unknown")
        for g in groups if g.kernel for name in g.outputs
    )  # fmt: skip


def _weights(graph: ir.Graph) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for value in graph.initializers.values():
        if value.const_value is not None and value.uses():
            sizes[_dtype(value)] += value.const_value.nbytes
    return dict(sizes.most_common())


def _dtype(value: ir.Value) -> str:
    return "unknown" if value.dtype is None else value.dtype.name.lower()
