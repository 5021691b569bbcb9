"""The comparison of all tensors with LiteRT's, as a table and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity.judgement import verdict_of
from tfonnx_lab.parity.tensors import TensorParity
from tfonnx_lab.parity.verdict import Verdict
from tfonnx_lab.texts import shortened
from tfonnx_lab.texts.progress import Tell, working
from tfonnx_lab.texts.tables import grid


class Parity:
    """The comparison: `rows` in graph order; prints as a table; `plot()` draws the error along the graph.

    missing: tensors that the converted model no longer has.
    inputs: what both ran on.
    runs: the inputs of every run that the verdict is of, where files gave more than one.
    `verdict` says whether the conversion is right, and which op is wrong if it is not; it is made when it is first
    asked for, in some seconds.
    """

    def __init__(
        self,
        name: str,
        rows: Sequence[TensorParity],
        missing: Sequence[str],
        inputs: Sequence[np.ndarray] | None = None,
        judged: Conversion | None = None,
        runs: Sequence[Sequence[np.ndarray]] = (),
    ) -> None:
        self.name = name
        self._judged = judged
        self.runs = [list(run) for run in runs] or ([list(inputs)] if inputs is not None else [])
        self.inputs = inputs
        self.rows = list(rows)
        self.missing = list(missing)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the conversion is right: `ok`, the first wrong `op`, `sentence`, `ops`.

        Raises ConversionError where nothing can be judged.
        """
        return self.judge()

    def judge(self, tell: Tell | None = None) -> Verdict:
        """The verdict, computed again; `tell` is told what is being done (default: in a notebook a bar)."""
        if self._judged is None or not self.runs:
            raise ConversionError(
                f"{self.name}: this comparison was not made of a conversion, so there is nothing to judge"
            )
        with working(tell) as told:
            found = verdict_of(self._judged, self.runs, told or (lambda said: None))
        self.__dict__["verdict"] = found
        return found

    @property
    def outputs(self) -> list[TensorParity]:
        """The rows of the model's outputs."""
        return [row for row in self.rows if row.is_output]

    @property
    def worst(self) -> TensorParity | None:
        """The row with the largest nrmse."""
        return max(self.rows, key=lambda row: row.nrmse, default=None)

    def plot(self, ax: Any = None) -> Any:
        """Draw the error along the graph, in the colours of the verdict; returns the matplotlib Axes."""
        from tfonnx_lab.parity.plot import plot_errors

        return plot_errors(self.rows, self.name, ax, self._judgement())

    def _judgement(self) -> Verdict | None:
        """The verdict; None where there is nothing to judge."""
        try:
            return self.verdict
        except ConversionError:
            return None

    def __str__(self) -> str:
        rows = [f"{self.name}: {len(self.rows)} tensors compared with LiteRT, {len(self.missing)} have no counterpart"]
        rows.append(f"{'op':>5}  {'type':24} {'steps':>8} {'error':>10} {'relative':>9} {'nrmse':>9}  tensor")
        rows += [_line(row) for row in self.rows]
        return "\n".join(rows)

    def __repr__(self) -> str:
        worst = self.worst
        return f"Parity({self.name}: {len(self.rows)} tensors, worst nrmse {worst.nrmse if worst else 0:.3g})"

    def _repr_html_(self) -> str:
        """The verdict in a sentence, and the errors below it."""
        judged = self._judgement()
        said = "" if judged is None else f"<p><b>{escape(judged.sentence)}</b></p>"
        return said + grid(
            ("op", "type", "steps", "error", "relative", "nrmse", "tensor"),
            (
                (
                    r.position,
                    r.op,
                    _steps(r),
                    f"{r.error:.3g}",
                    f"{r.relative:.2g}",
                    f"{r.nrmse:.2g}",
                    shortened(r.name, 60),
                )
                for r in self.rows
            ),
        )


def _steps(row: TensorParity) -> str:
    return "" if row.steps is None else f"{row.steps:.1f}"


def _line(row: TensorParity) -> str:
    band = "" if row.band is None else f"  (output; LiteRT's optimised kernels: nrmse {row.band:.2g})"
    errors = f"{row.error:10.3g} {row.relative:9.2g} {row.nrmse:9.2g}"
    return f"{row.position:5}  {row.op:24} {_steps(row):>8} {errors}  {shortened(row.name, 60)}{band}"
