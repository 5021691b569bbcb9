"""tfonnx_lab: TensorFlow Lite (and TensorFlow, Keras) to ONNX, every step of which can be seen, tested and repaired.

    import tfonnx_lab as lab

    lab.Lab("model.tflite")                   # in a notebook: the conversion, a tab for each question
    result = lab.convert("model.tflite")      # anywhere; result.save("model.onnx"), print(result.trace)
    lab.compare(result)                       # every tensor beside LiteRT's
    lab.bisect(result)                        # the first op and step where numbers leave LiteRT's
    @lab.handler("OP")                        # your own handler of an op; lab.retry() converts again
    lab.samples.path("digits_int8")           # small models to try it on

`tfonnx-lab demo` opens a notebook that walks through it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfonnx_lab import later

if TYPE_CHECKING:
    from tfonnx_lab import samples
    from tfonnx_lab.conversion.options import Options
    from tfonnx_lab.conversion.pipeline import handler, optimizer, restore, rewriter, without
    from tfonnx_lab.debug import bisect, isolate, retry
    from tfonnx_lab.errors import ConversionError, Unsupported
    from tfonnx_lab.face import Conversion, Trace, convert, report, runtime_report, runtime_trace
    from tfonnx_lab.handlers.custom.attributes import custom_options
    from tfonnx_lab.many import Sweep, convert_many
    from tfonnx_lab.mobile.config import KernelConfig
    from tfonnx_lab.mobile.model import Mobile
    from tfonnx_lab.parity import compare, compare_codes, compare_layers, compare_ops
    from tfonnx_lab.patterns import const, not_, one_of, onnx, tfl, var
    from tfonnx_lab.plots import plot_ranges
    from tfonnx_lab.rules import Miss
    from tfonnx_lab.runtime.stateful import StatefulSession
    from tfonnx_lab.trace import load_trace
    from tfonnx_lab.widgets import (
        Compare,
        GraphView,
        HandlerView,
        Lab,
        LayersView,
        MobileView,
        NetronPair,
        OptimizerView,
        ParityView,
        QuantizationExplorer,
        QuantizationView,
        Question,
        RewriterView,
        RuntimeView,
        Stepper,
    )

__version__ = "0.1.0"

_LATER = {
    "Compare": "widgets",
    "Conversion": "face",
    "ConversionError": "errors",
    "GraphView": "widgets",
    "HandlerView": "widgets",
    "KernelConfig": "mobile.config",
    "Lab": "widgets",
    "LayersView": "widgets",
    "Miss": "rules",
    "Mobile": "mobile.model",
    "MobileView": "widgets",
    "NetronPair": "widgets",
    "OptimizerView": "widgets",
    "Options": "conversion.options",
    "ParityView": "widgets",
    "QuantizationExplorer": "widgets",
    "QuantizationView": "widgets",
    "Question": "widgets",
    "RewriterView": "widgets",
    "RuntimeView": "widgets",
    "StatefulSession": "runtime.stateful",
    "Stepper": "widgets",
    "Sweep": "many",
    "Trace": "face",
    "Unsupported": "errors",
    "bisect": "debug",
    "compare": "parity",
    "compare_codes": "parity",
    "compare_layers": "parity",
    "compare_ops": "parity",
    "const": "patterns",
    "convert": "face",
    "convert_many": "many",
    "custom_options": "handlers.custom.attributes",
    "handler": "conversion.pipeline",
    "isolate": "debug",
    "load_trace": "trace",
    "not_": "patterns",
    "one_of": "patterns",
    "onnx": "patterns",
    "optimizer": "conversion.pipeline",
    "plot_ranges": "plots",
    "report": "face",
    "restore": "conversion.pipeline",
    "retry": "debug",
    "rewriter": "conversion.pipeline",
    "runtime_report": "face",
    "runtime_trace": "face",
    "samples": "",
    "tfl": "patterns",
    "var": "patterns",
    "without": "conversion.pipeline",
}
"""Every public name and its module, imported when the name is first used: so a saved trace can be viewed without
LiteRT, ONNX Runtime and matplotlib, and a Jupyter server loads the package in milliseconds. The decorators come with
the package's own rules, so that a user's are the newer ones."""

later.add("conversion", "tfonnx_lab.face")
later.add("trace", "tfonnx_lab.face_traces")

__all__ = [
    "Compare",
    "Conversion",
    "ConversionError",
    "GraphView",
    "HandlerView",
    "KernelConfig",
    "Lab",
    "LayersView",
    "Miss",
    "Mobile",
    "MobileView",
    "NetronPair",
    "OptimizerView",
    "Options",
    "ParityView",
    "QuantizationExplorer",
    "QuantizationView",
    "Question",
    "RewriterView",
    "RuntimeView",
    "StatefulSession",
    "Stepper",
    "Sweep",
    "Trace",
    "Unsupported",
    "bisect",
    "compare",
    "compare_codes",
    "compare_layers",
    "compare_ops",
    "const",
    "convert",
    "convert_many",
    "custom_options",
    "handler",
    "isolate",
    "load_trace",
    "not_",
    "one_of",
    "onnx",
    "optimizer",
    "plot_ranges",
    "report",
    "restore",
    "retry",
    "rewriter",
    "runtime_report",
    "runtime_trace",
    "samples",
    "tfl",
    "var",
    "without",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'tfonnx_lab' has no attribute {name!r}")
    home = f"tfonnx_lab.{_LATER[name]}".rstrip(".")
    try:
        module = importlib.import_module(home if _LATER[name] else f"{home}.{name}")
    except ModuleNotFoundError as error:  # a slim installation leaves out what servers do not need
        why = f"tfonnx_lab.{name} needs {error.name}, which is not installed: pip install {error.name}"
        raise ModuleNotFoundError(why, name=error.name) from error
    found = globals()[name] = getattr(module, name) if _LATER[name] else module
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext tfonnx_lab` calls: adds `%tflite2onnx` and `%%handler`."""
    from tfonnx_lab.jupyter.magics import register

    register(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the prebuilt JupyterLab extension is."""
    return [{"src": "jupyter/labextension", "dest": "tfonnx-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Which module holds the server extension."""
    return [{"module": "tfonnx_lab.jupyter.server"}]
