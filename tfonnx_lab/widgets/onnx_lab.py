"""The lab of an ONNX model that somebody else made: our optimizers as steps, and what ONNX Runtime makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import traitlets

from tfonnx_lab.conversion.onnx_pass import OnnxPass, optimize_onnx
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.ort_file import is_ort, read_ort
from tfonnx_lab.mobile.ort_onnx import as_onnx
from tfonnx_lab.parity.onnx_pair import compare_onnx
from tfonnx_lab.texts import human
from tfonnx_lab.widgets._ranges import onnx_ranges
from tfonnx_lab.widgets._source import bytes_of
from tfonnx_lab.widgets.lab import Lab
from tfonnx_lab.widgets.mobile_view import MobileView
from tfonnx_lab.widgets.netron_pair import NetronPair
from tfonnx_lab.widgets.ort_view import OrtView
from tfonnx_lab.widgets.overview_view import OverviewView, overview
from tfonnx_lab.widgets.parity_view import ParityView, errors
from tfonnx_lab.widgets.view import View

TABS = ("Overview", "Steps", "Source", "Optimizers", "ONNX Runtime", "Ranges", "Parity", "Mobile")
_BOTH = "Do our optimizers change the numbers?"
_ROUNDING = 1e-3
_NODE = {"title": "node", "hint": "the node that makes the tensor"}
_FILE = "File"
"""The tab of an .ort file: what it holds."""


class OnnxLab(Lab):
    """What there is to see of an ONNX model, wherever it came from.

    model: the path of an .onnx or .ort file, the bytes of one, or an onnx.ModelProto.
    inputs: what parity and ranges run on, one array an input (default: random ones).
    target: for which machine ONNX Runtime's kernels are told.
    selection: the place of a node in the file's graph.
    result: the `OnnxPass`: `.before` is the model as it came, `.model` what our optimizers made of it.
    Raises ConversionError for what cannot be read, TypeError for options of a conversion.
    """

    COMPARE = "compare before and after"

    def __init__(
        self,
        model: Any,
        inputs: Sequence[np.ndarray] | None = None,
        *,
        height: str = "640px",
        target: Literal["x86_64", "arm64", "portable"] = "x86_64",
        **options: Any,
    ) -> None:
        if options:
            called = str(model) if isinstance(model, (str, Path)) else "this"
            raise TypeError(
                f"{called} is an ONNX model already, so nothing is converted and {', '.join(options)} cannot be "
                "chosen; leave it out (inputs, height and target can be given), or give the model that it was made of"
            )
        self.file = model
        path = Path(model) if isinstance(model, (str, Path)) else None
        data = bytes_of(path) if path is not None and path.suffix == ".ort" else model
        self.is_ort = isinstance(data, (bytes, bytearray)) and is_ort(bytes(data))
        given = as_onnx(read_ort(model)) if self.is_ort else model
        name = str(path) if path is not None else "model.ort" if self.is_ort else "model.onnx"
        self._shown(optimize_onnx(given, name, target), inputs, height)

    @property
    def _pass(self) -> OnnxPass:
        assert isinstance(self.result, OnnxPass)
        return self.result

    def _names(self) -> list[str]:
        return [*TABS[:1], _FILE, *TABS[1:]] if self.is_ort else list(TABS)

    def _build(self) -> dict[str, Callable[[], Any]]:
        height: dict[str, Any] = {"height": self.view_height}
        found = super()._build()
        return {
            **found,
            "Overview": lambda: OnnxOverview(self._pass, self.show_tab, self.compare, **height),
            "Source": lambda: NetronPair(self.result, before="the file", **height),
            "Ranges": lambda: RangesView(self._pass, self.inputs, **height),
            "Mobile": lambda: self._mobile(MobileView(self.file, **height)),
            _FILE: lambda: OrtView(self.file, **height),
        }

    def _made_parity(self) -> ParityView:
        return OnnxParityView(self._pass, self.inputs, height=self.view_height)

    def save(self, path: Any) -> Path:
        """Keep the result: write what our optimizers made. Raises ConversionError where it cannot be written."""
        return self.result.save(path)

    def why_not(self, name: str, error: Exception) -> str:
        """Why a tab has nothing to show."""
        return f"{type(error).__name__}: {error}"


class OnnxOverview(OverviewView):
    """The overview, with a button that keeps the result."""

    def __init__(self, result: OnnxPass, *args: Any, **traits: Any) -> None:
        self.result = result
        super().__init__(result, *args, **traits)
        self.data = onnx_overview(result)

    def judge(self, parity: Any) -> None:
        """Say whether the numbers before and after are the same."""
        text, far = onnx_errors(parity)["title"], _far(parity)
        self.data = {**self.data, "verdict": {"text": text, "ok": not far, "origin": None}}

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Keep the result under a name, or what the overview does."""
        if name == "keep":
            self.message = f"wrote {self.result.save(str(content['path'])).resolve()}"
        else:
            super().act(name, content)


def onnx_overview(result: OnnxPass) -> dict[str, Any]:
    """The overview's data of an ONNX model."""
    data = overview(result)
    before, after = len(result.before.graph.node), len(result.ir_model.graph)
    name = Path(result.name)
    producer = " ".join(filter(None, [result.before.producer_name, result.before.producer_version]))
    counts = result.why_not or f"{before} nodes became {after} in {len(result.trace)} steps of our optimizers"
    return {
        **data,
        "source": [name.name, human(result.before.ByteSize())],
        "target": ["after our optimizers", human(result.model.ByteSize())],
        "counts": counts,
        "made": f"made by {producer}, opset {result.options.opset}" if producer else f"opset {result.options.opset}",
        "keep": f"{name.stem or 'model'}_optimized.onnx",
        "compare": "compare before and after",
        "compares": "runs both in ONNX Runtime on the same inputs",
    }


class OnnxParityView(ParityView):
    """Every tensor that the model has before and after our optimizers."""

    def __init__(self, result: OnnxPass, inputs: Sequence[np.ndarray] | None = None, **traits: Any) -> None:
        super().__init__(result, inputs, compare_onnx(result, inputs), **traits)
        self.data = onnx_errors(self.parity)


def _far(parity: Any) -> list[str]:
    """The outputs that are not the same to rounding."""
    return [row.name for row in parity.outputs if not row.nrmse <= _ROUNDING]


def onnx_errors(parity: Any) -> dict[str, Any]:
    """The errors, with a headline about the outputs: inner tensors may be held otherwise."""
    data = errors(parity)
    far = _far(parity)
    same = all(row.error == 0 for row in parity.outputs)
    said = f"{', '.join(far)} differ" if far else "the outputs are equal" if same else "the outputs agree to rounding"
    title = f"{len(parity.rows)} tensors before and after our optimizers: {said}"
    columns = [c | _NODE if c["key"] == "op" else c for c in data["columns"] if c["key"] not in ("status", "own")]
    own = {"live": False, "bands": {}, "question": _BOTH, "things": "nodes"}
    return {**data, "title": title, "columns": columns, **own}


class RangesView(View):
    """Which real values each quantized tensor can hold, and which it held on a sample.

    result: an `OnnxPass`.
    inputs: what the sample is made of (default: random ones).
    """

    KIND = "ranges"
    selection = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, result: OnnxPass, inputs: Sequence[np.ndarray] | None = None, **traits: Any) -> None:
        super().__init__(onnx_ranges(result, inputs), source=result, **traits)


def is_onnx(model: Any) -> bool:
    """Whether `Lab` shows this as an ONNX model."""
    if isinstance(model, onnx.ModelProto):
        return True
    if isinstance(model, (bytes, bytearray)):
        return is_ort(bytes(model))
    return isinstance(model, (str, Path)) and Path(model).suffix in (".onnx", ".ort")


Lab.KINDS.append((OnnxLab, is_onnx))

__all__ = ["ConversionError", "Lab", "OnnxLab", "is_onnx"]
