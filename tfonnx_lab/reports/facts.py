"""What a report tells, and as what lines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tfonnx_lab.texts import human, short_name, some


@dataclass(frozen=True)
class Facts:
    """What a conversion made, and what runs.

    size, source_size: bytes of the ONNX and of the TFLite file.
    larger: why the one is more than 1.25 times the other, where it is.
    ops: op types of the ONNX model.
    weights: bytes by dtype.
    activations: number of results of kernels by dtype (of ops, where ONNX Runtime cannot load the model).
    fused_share: integer groups among those with Q/DQ around them, None where there are none.
    islands: (op, name, reason) of float ops between codes.
    outputs: parity of each output with LiteRT.
    verdict: the verdict of the comparison with LiteRT in a sentence, empty where it was not made.
    ok: whether it is that the conversion is right.
    faults: the ops that the verdict finds wrong, each with how far it is off by itself.
    rounding: for each type of op, how many are not exact by themselves and within what LiteRT's own kernels do.
    saturating: products that overflow on some CPUs.
    notes: what could not be told, and why.
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
    verdict: str = ""
    ok: bool | None = None
    faults: list[str] = field(default_factory=list)
    rounding: list[str] = field(default_factory=list)
    saturating: str = ""
    unconverted: list[str] = field(default_factory=list)
    larger: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def json(self) -> str:
        """The report as JSON."""
        return json.dumps(asdict(self), indent=1, default=str)

    def lines(self) -> list[tuple[str, str]]:
        """The report as (heading, text) pairs."""
        source = ""
        if self.source_size:
            source = f", {self.size / self.source_size:.2f} times the TFLite file's {human(self.source_size)}"
        rows = [
            (
                "model",
                f"{short_name(self.name)}, opset {self.opset}, {self.steps} steps in {self.seconds * 1e3:.0f} ms",
            ),
            *((("verdict", self.verdict),) if self.verdict else ()),
            ("options", ", ".join(f"{k}={v}" for k, v in self.options.items()) or "defaults"),
            ("size", f"{human(self.size)}{source}"),
            *(("larger", text) for text in self.larger),
            ("weights", ", ".join(f"{k} {human(n)}" for k, n in self.weights.items()) or "none"),
            ("activations", ", ".join(f"{n} {k}" for k, n in self.activations.items()) or "none"),
            ("ops", ", ".join(f"{n} {k}" for k, n in self.ops.items())),
            ("kernels", ", ".join(f"{n} {k}" for k, n in self.kernels.items()) or "not known"),
            ("on integers", self.share()),
        ]
        rows += [("float island", f"{len(names)} {op}: {why} ({some(names)})") for op, why, names in self.grouped()]
        rows += [("output", _output(o)) for o in self.outputs]
        rows += [("wrong", text) for text in self.faults]
        rows += [("rounding", text) for text in self.rounding]
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


def _output(row: dict[str, Any]) -> str:
    steps = "" if row["steps"] is None else f", at most {row['steps']:.0f} steps"
    band = "" if row["band"] is None else f" (LiteRT's own XNNPACK kernels: {row['band']:.2g})"
    return (
        f"{row['name']} {list(row['shape'])}: nrmse {row['nrmse']:.2g}{band}, largest error {row['error']:.3g}{steps}"
    )
