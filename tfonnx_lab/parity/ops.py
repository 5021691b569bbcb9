"""compare_ops(): every quantized op by itself, on what flows into it in LiteRT, so no op inherits the error of
another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert import LiteRT, converted_source
from tfonnx_lab.litert.cutting import Model, ints
from tfonnx_lab.litert.variants import with_shapes
from tfonnx_lab.parity.given import Inputs, given_runs
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.optimize import optimized
from tfonnx_lab.runtime.saturation import has_vnni
from tfonnx_lab.runtime.sessions import OnnxRuntime, run, session
from tfonnx_lab.texts.tables import grid

_ASIDE = ("QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape", "Cast", "Identity")


@dataclass(frozen=True)
class OpParity:
    """One op's codes beside LiteRT's, given LiteRT's inputs.

    op, position: of the TFLite model.
    name: its output.
    kernel: what ONNX Runtime runs.
    steps: the largest difference of codes, differ: the share of codes that are not equal.
    float_steps, float_differ: the same with ONNX Runtime's optimizer off, where Q/DQ stand around a float op.
    """

    op: str
    position: int
    name: str
    kernel: str
    steps: int
    differ: float
    float_steps: int
    float_differ: float

    @property
    def fault(self) -> str:
        """Whose the difference is, empty where there is none."""
        if not self.differ:
            return ""
        off = f"{self.differ:.2%} of its codes are off, by {self.steps} at most"
        if self.float_differ >= self.differ:
            return f"{off}; so are {self.float_differ:.2%} in real arithmetic, for LiteRT rounds in fixed point"
        other = (
            "rounds another way" if has_vnni() else "rounds another way, or saturates on this CPU (exact=True does not)"
        )
        return f"{off}; in real arithmetic {self.float_differ:.2%}: ONNX Runtime's {self.kernel} {other}"


class OpsParity:
    """All quantized ops, in order; prints as a table of those that are off.

    skipped: ops that could not be compared, why.
    """

    def __init__(self, name: str, rows: Sequence[OpParity], skipped: Sequence[str]) -> None:
        self.name = name
        self.rows = list(rows)
        self.skipped = list(skipped)

    @property
    def faults(self) -> list[OpParity]:
        """The ops whose codes are not LiteRT's, the worst first."""
        return sorted((r for r in self.rows if r.differ), key=lambda r: (-r.steps, -r.differ))

    def lines(self) -> list[str]:
        """A line for each kind of op and kernel that is off: how many, the share of codes, the worst."""
        kinds: dict[tuple[str, str], list[OpParity]] = {}
        for row in self.rows:
            kinds.setdefault((row.op, row.kernel), []).append(row)
        found = []
        for (op, kernel), rows in kinds.items():
            off = [r for r in rows if r.differ]
            if off:
                worst = max(off, key=lambda r: (r.steps, r.differ))
                found.append(
                    f"{op} ({kernel}): {len(off)} of {len(rows)} ops; the worst, op {worst.position}: {worst.fault}"
                )
        return found

    def __str__(self) -> str:
        exact = len(self.rows) - len(self.faults)
        head = f"{self.name}: {exact} of {len(self.rows)} quantized ops give LiteRT's codes when given its inputs"
        table = [f"{'op':>5}  {'type':20} {'kernel':24} {'steps':>5} {'differ':>8} {'in float':>8}  output"]
        table += [
            f"{r.position:5}  {r.op:20} {r.kernel:24} {r.steps:5} {r.differ:8.3%} {r.float_differ:8.3%}  {r.name[-40:]}"
            for r in self.faults
        ]
        return "\n".join([head, *(table if self.faults else []), *(f"not compared: {text}" for text in self.skipped)])

    def __repr__(self) -> str:
        return f"OpsParity({self.name}: {len(self.rows)} ops, {len(self.faults)} off)"

    def _repr_html_(self) -> str:
        return grid(
            ("op", "type", "kernel", "steps", "differ", "output", "fault"),
            ((r.position, r.op, r.kernel, r.steps, f"{r.differ:.3%}", r.name, r.fault) for r in self.faults),
        )


def compare_ops(result: Any, inputs: Inputs = None, *, seed: int = 0) -> OpsParity:
    """Compare every op of the main graph that makes 8-bit codes with LiteRT's kernel, each on LiteRT's own inputs.

    Says of each whether ONNX Runtime's kernel is at fault, or the conversion: the op is run fused and unfused.

    result, inputs: as of `compare`.
    Raises ConversionError where LiteRT cannot run the model.
    """
    result = converted(result)
    name = open_source(result.source)[1]
    if result.states:
        raise ConversionError(f"{name}: LiteRT keeps no intermediate tensors of a model with states")
    data = bytes(open_source(converted_source(result))[0])
    model, reference = Model(memoryview(data)), LiteRT(data)
    reference.run(given_runs(result, reference, inputs, seed, natural=False)[0])
    rows: list[OpParity] = []
    skipped: list[str] = []
    for position in range(model.graphs[0].OperatorsLength()):
        kind = model.type_of(model.op(0, position))
        try:
            row = _row(model, reference, position, result)
        except (ConversionError, ValueError, RuntimeError) as error:
            skipped.append(f"op {position}, {kind}: {str(error).splitlines()[-1][:80]}")
        else:
            rows += [row] if row is not None else []
    return OpsParity(name, rows, skipped)


def _row(model: Model, reference: LiteRT, position: int, result: Conversion) -> OpParity | None:
    op = model.op(0, position)
    index = ints(op.OutputsAsNumpy())[0]
    taken = model.fed(0, op)
    there = reference.tensors({str(i): i for i in (index, *taken)})
    if str(index) not in there:
        return None
    want = there[str(index)]
    if want.dtype not in (np.int8, np.uint8) or not want.size:
        return None
    fed = [there[str(i)] for i in taken]
    options = {k: v for k, v in result.options.changed().items() if k in ("target", "exact")}
    alone = with_shapes(model.one_op(0, position), fed, [want])
    single = convert_with(alone, Options(result.options.opset, **options)).model
    runtime = OnnxRuntime(single)
    plain = run(session(single, optimised=False), runtime.outputs, runtime.feed(fed))[0]
    steps, differ = _difference(want, runtime.run(fed)[0])
    float_steps, float_differ = _difference(want, plain)
    kernel = _kernel(single, result.options.target) if differ else ""
    return OpParity(
        model.type_of(op), position, model.name_of(0, index), kernel, steps, differ, float_steps, float_differ
    )


def _difference(want: np.ndarray, got: np.ndarray) -> tuple[int, float]:
    if want.shape != got.shape:
        raise ValueError(f"shape {list(got.shape)}, LiteRT has {list(want.shape)}")
    off = np.abs(want.astype(np.int32) - got.astype(np.int32))
    return int(off.max()), float((off > 0).mean())


def _kernel(model: onnx.ModelProto, target: str) -> str:
    kinds = Counter(n.op_type for n in optimized(model, target).graph.node if n.op_type not in _ASIDE)  # type: ignore[arg-type]
    return ", ".join(kinds) or "QuantizeLinear"
