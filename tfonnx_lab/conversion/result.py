"""The result of a conversion."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import onnx_ir as ir

from tfonnx_lab.conversion.layers import ModelLayers, layers_of
from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.signature import Signature, signature_of
from tfonnx_lab.conversion.writer import to_proto, write_model
from tfonnx_lab.errors import ConversionError, Failure, NoMemory
from tfonnx_lab.files import drafts, paths_of, spare_model, writing
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.graph.meta import INEXACT
from tfonnx_lab.later import complete
from tfonnx_lab.memory import too_little
from tfonnx_lab.rewriters.state_variables import initial_value, states
from tfonnx_lab.rules import Rule, StepFailure
from tfonnx_lab.trace import Recorder, Trace

_PROTO_LIMIT = 2**31 - 2**24


@dataclass(frozen=True)
class State:
    """A tensor that a model keeps: feed `output` of one run into `input` of the next; the first run starts with
    `initial`.

    The input has `initial` as its default, so a caller who keeps no state need not feed it. `input` is the variable's
    name in the TFLite model, `output` is that name with `_next`.
    """

    input: str
    output: str
    initial: np.ndarray


@dataclass(frozen=True)
class Resumable:
    """What a later conversion of the same model can take over from this one.

    rules: the rewriters and the optimizers that there were.
    failures: with the nodes and exceptions.
    stamp: when the source file was written, and its size.
    """

    recorder: Recorder
    failures: tuple[StepFailure, ...]
    rules: tuple[tuple[Rule, ...], ...]
    stamp: tuple[int, int]


class Conversion:
    """A converted model and how it came about.

    ir_model: the graph (onnx_ir).
    failures: the ops that were left unconverted (only with `on_error="keep"`).
    seconds: what the conversion took.
    source: what was converted.
    name: its name for messages.
    given: what the user passed to `convert`; differs from `source` where that was no TFLite model.
    verified: what `verify=` checked, in a sentence; empty where only the graph was checked.
    What a person calls on a result beyond that (`result.report()`, `result.runtime()`, `result.parity` ...) the public
    face attaches (`face.py`); this class knows no room above it.
    """

    runtime: Callable[..., Any]
    runtime_trace: Callable[..., Any]
    report: Callable[..., Any]
    mobile: Callable[..., Any]
    formats: ClassVar[dict[str, Callable[[Conversion, Path], object]]] = {}
    """Suffix => what saves a result under a name that ends so, for formats that rooms above write."""
    verifiers: ClassVar[dict[str, Callable[[Conversion], str]]] = {}
    """Value of `verify=` => what checks it and says so in a sentence, or raises ConversionError; from rooms above."""
    parity: Any
    changes: Any

    def __init__(
        self,
        ir_model: ir.Model,
        trace: Trace | Recorder | Callable[[], Conversion],
        options: Options,
        source: Any,
        name: str,
        failures: tuple[Failure, ...] = (),
        seconds: float = 0.0,
        resumable: Resumable | None = None,
    ) -> None:
        complete("conversion")
        self.ir_model = ir_model
        self._trace = trace
        self.options = options
        self.source = source
        self.name = name
        self.failures = failures
        self.seconds = seconds
        self._resumable = resumable
        self.given = source
        self.verified = ""

    @property
    def trace(self) -> Trace:
        """Every step. Of a conversion that recorded none it is made now, by converting once more.

        Raises ConversionError where that gives another model, as a rule or the file has changed since.
        """
        if isinstance(self._trace, Recorder):
            return self._trace.trace
        if not isinstance(self._trace, Trace):
            again = self._trace()
            names = [[n.name for n in all_nodes(model.graph)] for model in (self.ir_model, again.ir_model)]
            if names[0] != names[1]:
                raise ConversionError(f"{self.name}: has no trace, and converts to another model now: convert it again")
            self._trace, self._resumable = again.trace, again.resumable
            self._trace.originals = self.originals
        return self._trace

    @property
    def resumable(self) -> Resumable | None:
        """What `retry` takes over; with the trace, made when it is asked for."""
        if not isinstance(self._trace, (Trace, Recorder)):
            _ = self.trace
        return self._resumable

    @property
    def signature(self) -> Signature:
        """The inputs and outputs by the caller's names and in the caller's order, with those of the TFLite file."""
        return signature_of(self.ir_model)

    @property
    def layers(self) -> ModelLayers:
        """The layers of the model, each with its TFLite ops and ONNX nodes; of a Keras model as its layers told."""
        return layers_of(self.ir_model)

    @property
    def inexact(self) -> tuple[tuple[str, str, str], ...]:
        """With `exact="bits"`: the ops that compute with real numbers, as (op, where it stands, why).

        The codes of all others are those of LiteRT's reference kernels.
        """
        return tuple(self.ir_model.meta.get(INEXACT, ()))

    @property
    def states(self) -> list[State]:
        """What the model keeps from one run to the next, as pairs of inputs and outputs."""
        return [State(a.name or "", b.name or "", initial_value(a)) for a, b in states(self.ir_model.graph)]

    @cached_property
    def model(self) -> onnx.ModelProto:
        """The ONNX model as a protobuf; of a model over 2 GB, use `save`."""
        with collector_paused(), self._held():
            return to_proto(self.ir_model, self.options.shapes)

    def save(self, path: str | os.PathLike[str], *, external_over: int = _PROTO_LIMIT) -> Path:
        """Write the model to a file, its weights beside it (`NAME.data`) where they are over 2 GB; returns the path.

        external_over: from how many bytes on the weights are written to a file of their own, at most the 2 GB of a
            protobuf.
        Nothing is left behind where writing fails (`files.drafts`).
        Raises ConversionError where the file cannot be written without harm, the model that was converted would be
        overwritten, or ops are left unconverted: save them on purpose with `onnx_ir.save(result.ir_model, path)`.
        A name that ends in .ort gives the ORT format (`lab.Mobile(result).save` has its options).
        """
        target = Path(path)
        spare_model(target, self.originals)
        if target.suffix.lower() in self.formats:
            self.formats[target.suffix.lower()](self, target)
            return target
        if self.failures:
            message = f"{self.name}: not saved, because ops are left unconverted"
            raise ConversionError(message, self.failures, trace=self.trace)
        size = sum(v.const_value.nbytes for v in self.ir_model.graph.initializers.values() if v.const_value is not None)
        keep = self.originals
        if size <= min(external_over, _PROTO_LIMIT):
            with writing(target, keep) as file, self._held():
                write_model(self.ir_model, file, shapes=self.options.shapes)
            return target
        with drafts([target.with_name(f"{target.name}.data"), target], keep) as [weights, draft], self._held():
            ir.save(self.ir_model, draft, external_data=weights.name, format="protobuf", size_threshold_bytes=1024)
        return target

    @property
    def originals(self) -> tuple[Path, ...]:
        """The files and folders that were converted, which nothing that is saved of the result may overwrite."""
        return paths_of(self.given, self.source)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """What ONNX's file format cannot hold is one error that names the file, the op and the number."""
        try:
            yield
        except (ConversionError, OSError):
            raise
        except MemoryError:
            raise NoMemory(f"{self.name}: {too_little()}") from None
        except Exception as error:
            chain: list[BaseException] = [error]
            while chain[-1].__cause__ is not None:
                chain.append(chain[-1].__cause__)
            where = str(chain[-2])[:300] if len(chain) > 1 else ""
            reason = f"{type(chain[-1]).__name__}: {chain[-1]}"
            raise ConversionError(f"{self.name}: an ONNX file cannot hold the result: {reason} ({where})") from error

    def __repr__(self) -> str:
        graph = self.ir_model.graph
        count = len(self.failures)
        state = f", {count} {'op' if count == 1 else 'ops'} unconverted" if count else ""
        steps = f"{len(self.trace)} steps in " if isinstance(self._trace, (Trace, Recorder)) else ""
        return (
            f"Conversion({self.name}: {len(graph)} nodes, opset {self.options.opset}, "
            f"{steps}{self.seconds * 1e3:.0f} ms{state})"
        )
