"""`verify="load"` and `verify="run"`: the finished model in ONNX Runtime, in the process that LiteRT has for itself.

There a model that makes a kernel crash ends that process, and nothing of the user's. A command asks a copy of its own
process first, which has both libraries; what does not load there is asked again in the way that can say why.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.litert.process import Models
from tfonnx_lab.litert.worker import PATIENCE, Crashed, Gone, Worker, worker
from tfonnx_lab.runtime.copied import in_copy
from tfonnx_lab.validity.schemas import known_domain

_TRIES = 20
"""How often it is tried again because the models of other threads end the process."""


def loads(result: Conversion) -> str:
    """Load the model in ONNX Runtime; returns what was made sure of. Raises ConversionError where it is refused."""
    return _verified(result, False)


def runs(result: Conversion) -> str:
    """Load the model and run it once, on zeros; open dimensions are 1.

    Raises ConversionError where one of both fails.
    """
    return _verified(result, True)


def _verified(result: Conversion, run: bool) -> str:
    own = sorted({f"{n.op_type} of {n.domain}" for n in all_nodes(result.ir_model.graph) if not known_domain(n.domain)})
    if own:
        return f"not loaded in ONNX Runtime, which needs a library for {', '.join(own)}"
    with tempfile.TemporaryDirectory(prefix="tfonnx_lab_") as folder:
        path = result.save(Path(folder) / "model.onnx")
        try:
            version = _asked(str(path), run)
        except ConversionError as error:
            raise ConversionError(f"{result.name}: {error}", hint=_NEXT, trace=result.trace) from error
    return f"{'runs' if run else 'loads'} in ONNX Runtime {version}"


_NEXT = 'what next: verify="graph" (--verify graph) converts without this, to look at the model; please report the file'


def _asked(path: str, run: bool) -> str:
    if (version := in_copy(lambda: Models().onnx(path, run), PATIENCE)) is not None:
        return version
    for _ in range(_TRIES):
        try:
            return str(worker().ask("onnx", path, run))
        except Gone:
            continue
        except Crashed:  # a model of LiteRT's may have left the process's memory in disorder: once more, alone
            with closing(Worker()) as alone:
                return str(alone.ask("onnx", path, run))
    raise ConversionError("ONNX Runtime was ended by a crash of another model")
