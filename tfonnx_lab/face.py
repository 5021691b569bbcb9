"""What a person calls on a result: functions of the rooms above the conversion, attached to it here and nowhere else.

`Conversion` and `Trace` know nobody above them. The first conversion loads this file (`later.py`), so
`result.report()` works whoever made it, and each method imports its room when it is first called. Those of
traces are in `face_traces.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.options import Options, Target
from tfonnx_lab.conversion.pipeline import convert
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.trace import Trace

if TYPE_CHECKING:
    from tfonnx_lab.debug import Changes
    from tfonnx_lab.mobile.model import Mobile
    from tfonnx_lab.parity import Parity
    from tfonnx_lab.reports import Report
    from tfonnx_lab.runtime import RuntimeReport

__all__ = ["Conversion", "Options", "Trace", "convert", "report", "runtime_report", "runtime_trace"]


def runtime_report(result: Any, target: Target | None = None) -> RuntimeReport:
    """What ONNX Runtime makes of the model: each op's kernel, and why ops between Q and DQ stayed float.

    result: a Conversion, or what `convert` takes.
    target: for which machine (default: that of the conversion). Also as `result.runtime()`.
    """
    from tfonnx_lab import runtime

    result = converted(result)
    made = runtime.runtime_report(result.model, target or result.options.target)
    layers = result.layers
    made.groups = [replace(group, layer=layers.text(group.origin)) for group in made.groups]
    return made


def runtime_trace(result: Any, target: Target | None = None) -> Trace:
    """The trace with a fourth stage, "ONNX Runtime": a step for each group that became one kernel.

    result: a Conversion, or what `convert` takes.
    `Stepper(result.runtime_trace())` walks through all four; ops that stayed float are its near misses.
    """
    from tfonnx_lab import runtime

    result = converted(result)
    return runtime.runtime_trace(result.trace, runtime_report(result, target))


def report(result: Any, *, parity: bool = True) -> Report:
    """The conversion on one page: sizes, dtypes, kernels, float islands, parity of the outputs; text, HTML or JSON.

    result: a Conversion, or what `convert` takes.
    parity: also run LiteRT and ONNX Runtime and compare the outputs. Also as `result.report()`.
    """
    from tfonnx_lab import reports

    return reports.report(converted(result), parity=parity)


def mobile(result: Conversion) -> Mobile:
    """The model on a small device: ORT format, kernels, size of a build, accelerators. Also as `result.mobile()`."""
    from tfonnx_lab.mobile.model import Mobile

    return Mobile(result)


def _parity(result: Conversion) -> Parity | None:
    """The last comparison with LiteRT; None where there was none."""
    from tfonnx_lab.parity import last_parity

    return last_parity(result)


def _changes(result: Conversion) -> Changes | None:
    """What `retry` did to the conversion before this one; None where this is a first conversion."""
    from tfonnx_lab.debug import changes_of

    return changes_of(result)


def _loads(result: Conversion) -> str:
    from tfonnx_lab.runtime.verify import loads

    return loads(result)


def _runs(result: Conversion) -> str:
    from tfonnx_lab.runtime.verify import runs

    return runs(result)


def _shown(result: Conversion) -> str:
    """A conversion alone in a cell: its report, without what takes longer than the conversion did."""
    return report(result, parity=False)._repr_html_()


def _attach() -> None:
    """Make the functions methods. The classes declare their names, for type checkers."""
    methods = {"runtime": runtime_report, "runtime_trace": runtime_trace, "report": report, "mobile": mobile}
    methods["_repr_html_"] = _shown
    for name, function in methods.items():
        setattr(Conversion, name, function)
    Conversion.formats[".ort"] = lambda result, path: mobile(result).save(path)
    Conversion.verifiers.update({"load": _loads, "run": _runs})
    for name, function in {"parity": _parity, "changes": _changes}.items():
        setattr(Conversion, name, property(function))


_attach()
