"""How equal one-op quantized models are to LiteRT's kernels, op by op: `python benchmarks/one_op.py [--only TEXT]
[--count 12]`.

For each op, dtype and size, models with random shapes, scales, zero points, weights and activations; the output's range
is that of the same op in float. Printed: the share of codes that are equal, that are within one step, the largest
distance, and the share of models that are equal in every code, by default and with exact=True; in the end the same over
all. Exit status 1 where a code is off by more than a step (16 bits: two) or fewer than nine in ten are equal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from closing import printed
from one_op_cases import OPS, Draw
from one_op_samples import output_of, sample

import tfonnx_lab as lab
from conformance.against import run_litert
from tfonnx_lab.runtime.sessions import OnnxRuntime

SIZES = {"small": 1, "large": 4}


@dataclass
class Tally:
    """Distances between answers, in steps."""

    count: int = 0
    equal: int = 0
    near: int = 0
    worst: float = 0.0
    where: str = ""
    models: int = 0
    same: int = 0

    def add(self, want: np.ndarray, got: np.ndarray, what: str) -> None:
        """Count the elements of one model."""
        error = np.abs(want.astype(np.float64) - got.astype(np.float64))
        if want.dtype.kind == "f":
            error = np.where(error <= 1e-6 * np.abs(want).max(initial=1e-9), 0, 2)
        self.count += error.size
        self.equal += int((error == 0).sum())
        self.near += int((error <= 1).sum())
        self.models += 1
        self.same += not error.any()
        if error.max(initial=0) > self.worst:
            self.worst, self.where = float(error.max(initial=0)), what

    def join(self, other: Tally) -> None:
        """Count what another one has counted."""
        for name in ("count", "equal", "near", "models", "same"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.worst = max(self.worst, other.worst)

    def __str__(self) -> str:
        of = max(self.count, 1)
        return f"{self.equal / of:9.2%}{self.near / of:9.2%}{self.worst:5.0f}{self.same / max(self.models, 1):6.0%}"

    def ok(self, dtype: str) -> bool:
        """Whether it is what is aimed at."""
        return self.worst <= (2 if dtype == "int16" else 1) and self.equal >= 0.9 * self.count


def measured(op: str, dtype: str, times: int, count: int, opset: int) -> tuple[Tally, Tally, str]:
    """Tallies by default and exact, and what failed."""
    usual, exact, failed = Tally(), Tally(), ""
    for seed in range(count):
        rng = np.random.default_rng([seed, len(op), sum(map(ord, op + dtype))])
        try:
            s = sample(Draw(rng, dtype, times), op)
            m = s.model(False, output_of(rng, s))
            (want,) = run_litert(m.bytes(), m.feeds())
        except Exception as error:  # LiteRT refuses what it has no kernel for
            failed = failed or f"LiteRT: {str(error).splitlines()[0][:70]}"
            continue
        for tally, options in ((usual, {}), (exact, {"exact": True})):
            try:
                (got,) = OnnxRuntime(lab.convert(m.bytes(), opset, **options).model).run(m.feeds())  # type: ignore[arg-type]
                tally.add(want, got, f"seed {seed}")
            except Exception as error:  # ONNX Runtime's errors share no base class
                failed = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    return usual, exact, failed


def rows(only: str, sizes: Sequence[str], count: int, opset: int) -> Iterator[tuple[str, bool]]:
    """The table's rows, and whether each is what is aimed at; the sum of all is the last."""
    everything = Tally(), Tally()
    for op, (_, dtypes) in OPS.items():
        for dtype in dtypes:
            for size in sizes:
                name = f"{op:24}{dtype:7}{size:6}"
                if only not in name:
                    continue
                usual, exact, failed = measured(op, dtype, SIZES[size], count, opset)
                for total, one in zip(everything, (usual, exact), strict=True):
                    total.join(one)
                good = usual.ok(dtype) and exact.ok(dtype) and not (failed and not usual.count)
                mark = "" if usual.ok(dtype) and exact.ok(dtype) else f"  <-- {usual.where or exact.where}"
                yield f"{name}{usual.count:9}{usual}   {exact}{mark} {failed}", good
    usual, exact = everything
    yield f"{'all':37}{usual.count:9}{usual}   {exact}", True


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--sizes", nargs="+", choices=tuple(SIZES), default=["small"])
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--opset", type=int, default=18)
    given = parser.parse_args(arguments)
    columns = f"{'equal':>9}{'near':>9}{'worst':>6}{'same':>5}"
    print(f"{'op':24}{'dtype':7}{'size':6}{'codes':>9}{columns}   exact:{columns[6:]}")
    return printed(
        rows(given.only, given.sizes, given.count, given.opset), "rows fall short", "all rows are as they should be"
    )


if __name__ == "__main__":
    sys.exit(main())
