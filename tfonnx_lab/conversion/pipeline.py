"""convert(): a model in, a Conversion out. The three stages over one graph."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Unpack, get_args

import onnx
import onnx_ir as ir

from tfonnx_lab import handlers, optimizers, rewriters
from tfonnx_lab.conversion import last
from tfonnx_lab.conversion.checks import one_of
from tfonnx_lab.conversion.options import (
    DEFAULT_OPSET,
    NEWEST_ON_ACCELERATORS,
    OLDEST_OPSET,
    Keywords,
    Options,
    options_from,
    takes_options,
)
from tfonnx_lab.conversion.reasons import reason
from tfonnx_lab.conversion.result import Conversion, Resumable
from tfonnx_lab.conversion.signature import signature_of
from tfonnx_lab.conversion.telling import Counting
from tfonnx_lab.conversion.verification import described, invalid, refused, verify
from tfonnx_lab.errors import ConversionError, Failure, is_told
from tfonnx_lab.files import paths_of
from tfonnx_lab.graph import ONNX, ORIGIN, TFLITE_CUSTOM, Editor, all_nodes
from tfonnx_lab.graph.budget import budget
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.graph.meta import ORIGIN_PROPERTY, PLACE, SIGNATURE_PROPERTY, STATES_PROPERTY, TFLITE_NAMES, VARIABLE
from tfonnx_lab.graph.origins import origin_text
from tfonnx_lab.readers import read_tflite
from tfonnx_lab.readers.tensorflow import is_tensorflow, to_tflite
from tfonnx_lab.rewriters.state_variables import initial_value, states
from tfonnx_lab.rules import (
    HANDLERS,
    OPTIMIZERS,
    REWRITERS,
    STAGES,
    Driver,
    Stage,
    StageFailed,
    StepFailure,
    handler,
    optimizer,
    restore,
    rewriter,
    without,
)
from tfonnx_lab.texts.progress import working
from tfonnx_lab.trace import Recorder, Resumed

__all__ = ["STAGES", "convert", "handler", "newest_opset", "optimizer", "restore", "rewriter", "without"]

OnError = Literal["raise", "keep"]

RULE_PACKAGES = (rewriters, handlers, optimizers)
"""The packages whose import registers the rules of the three stages."""

_IR_VERSIONS = ((18, 8), (20, 9), (22, 10), (24, 11))
"""(newest opset, ir_version of the ONNX releases up to it). Source: docs/Versioning.md of ONNX."""
_NEWEST_IR = 12


@takes_options
def convert(
    source: Any,
    opset: int = DEFAULT_OPSET,
    dequantize: bool = False,
    *,
    on_error: OnError = "raise",
    progress: Callable[[str], None] | None = None,
    trace: bool = True,
    **options: Unpack[Keywords],
) -> Conversion:
    """Convert a TFLite, Keras or TensorFlow model to ONNX.

    source: a .tflite path, its bytes or a binary file object; a Keras model, .keras or .h5 file; a SavedModel's
    folder or what
    `tf.saved_model.load` gave; a tf.function, a concrete function, a tf.Module; a frozen graph (.pb), a checkpoint
    (.meta).
    on_error: "raise" ends with one ConversionError that lists every op that could not be converted, and holds the
    `trace`; "keep" leaves those ops in the graph and converts the rest (a rule of the whole graph that raises ends it
    there).
    progress: called with the name of each stage as it begins, and with how far it is (`texts.progress.Said`); default:
    in a notebook a bar that is shown after a second.
    trace: whether the steps are recorded as they are done; without, `result.trace` converts once more when it is read.
    Raises ConversionError for anything that cannot be read or converted, TypeError for an option that there is not or a
    value of the wrong type, ValueError for one that is not allowed. The options:
    """
    one_of("on_error", on_error, get_args(OnError))
    chosen = options_from("convert()", {"opset": opset, "dequantize": dequantize, **options})
    last.attempted(source, chosen)
    with working(progress) as tell:
        result = convert_with(source, chosen, on_error, tell, trace)
    last.shown(result)
    return result


def convert_with(
    source: Any,
    chosen: Options,
    on_error: str = "raise",
    progress: Callable[[str], None] | None = None,
    trace: bool = True,
) -> Conversion:
    """`convert` for callers inside of the package: it does not become the conversion that `retry()` acts on."""
    opset = chosen.opset
    if not isinstance(opset, int) or opset < OLDEST_OPSET or opset > newest_opset():
        raise ConversionError(
            f"opset {opset} is not supported: the oldest is {OLDEST_OPSET}, the newest {newest_opset()}"
        )
    if chosen.static and opset > NEWEST_ON_ACCELERATORS:
        raise ConversionError(
            f"opset {opset} is not supported by target={chosen.target!r}: its provider in ONNX Runtime takes opsets "
            f"up to {NEWEST_ON_ACCELERATORS}"
        )
    given = source
    if is_tensorflow(source):
        source = to_tflite(source, **_of_tensorflow(chosen), progress=progress)
    began = time.perf_counter()
    with collector_paused(), budget(chosen.memory):
        model = read_tflite(source, chosen.signature)
        model.graph.opset_imports[ONNX] = chosen.opset
        recorder = Recorder(model, _name(source), chosen.opset, chosen.changed(), paths_of(given, source))
        editor = Editor(model, [recorder] if trace else [])
        run = _StageRun(editor, recorder, source, chosen, on_error, progress, trace)
        result = run.run(began, STAGES)
        result.given = given
        return result


def _of_tensorflow(chosen: Options) -> dict[str, Any]:
    """What the options say about how a TensorFlow model is read."""
    names = ("signature", "tag", "input_signature", "concrete_function", "inputs", "outputs")
    return {name: getattr(chosen, name) for name in names}


def resume(old: Conversion, events: int, stage: Stage) -> Conversion:
    """Convert the old conversion's source again, but take over the first lines of its trace, which end in this
    stage."""
    assert old.resumable is not None
    began = time.perf_counter()
    with collector_paused(), budget(old.options.memory):
        model = read_tflite(old.source, old.options.signature)
        model.graph.opset_imports[ONNX] = old.options.opset
        state = Resumed(old.resumable.recorder, events, model)
        going_on = _StageRun(state.editor, state.recorder, old.source, old.options, "keep", None)
        known = [step for step in state.recorder.trace.records if step["error"] and step["root"] is not None]
        for step, failure in zip(known, old.resumable.failures, strict=False):
            going_on.driver.take_over(replace(failure, node=state.recorder.find(step["root"])))
        made = going_on.run(began, STAGES[STAGES.index(stage) :], state.waiting)
        made.given = old.given
        return made


def at_step(result: Conversion, count: int) -> Conversion:
    """The conversion as it stood after this many of its steps. Before the handlers are through, TFLite ops are left."""
    assert result.resumable is not None
    model = read_tflite(result.source, result.options.signature)
    model.graph.opset_imports[ONNX] = result.options.opset
    events = result.resumable.recorder.trace.events
    steps = [index for index, (key, _) in enumerate(events) if key == "step"]
    end = steps[count] if count < len(steps) else len(events)
    state = Resumed(result.resumable.recorder, end, model)
    _tidy(model, result.options)
    _default_states(model)
    made = Conversion(model, state.recorder.trace, result.options, result.source, result.name)
    made.given = result.given
    return made


def newest_opset() -> int:
    """The newest opset that the installed onnx defines; ONNX Runtime's releases follow onnx's."""
    return int(onnx.defs.onnx_opset_version())


class _StageRun:
    """One run of the stages."""

    def __init__(
        self,
        editor: Editor,
        recorder: Recorder,
        source: Any,
        options: Options,
        on_error: str,
        progress: Callable[[str], None] | None,
        recording: bool = True,
    ) -> None:
        self.model = editor.model
        self.source = source
        self.options = options
        self.on_error = on_error
        self.counting = Counting(progress) if progress is not None else None
        self.name = _name(source)
        self.recorder = recorder
        self.recording = recording
        self.driver = Driver(editor, options.opset, options, [recorder] if recording else [])
        self.driver.listeners += [self.counting] if self.counting is not None else []

    def run(self, began: float, stages: Sequence[Stage], waiting: Sequence[ir.Node] | None = None) -> Conversion:
        model = self.model
        rules = tuple(REWRITERS), tuple(OPTIMIZERS)
        try:
            self._stages(stages, waiting)
        except Exception as error:
            cause = error.failure.error if isinstance(error, StageFailed) else error
            if isinstance(cause, ConversionError):  # no bug: the user is told something, of an option say
                self.recorder.finish("failed", model)
                cause.trace = self.recorder.trace
                raise cause from None
            if not isinstance(error, StageFailed) or self.on_error == "raise":
                self.recorder.finish("failed", model)
                raise self._error(error) from error
        failures = [_failure(f) for f in _one_a_node(self.driver.failures)]
        self.recorder.finish("failed" if failures else "ok", model)
        if failures and self.on_error == "raise":
            many = "op" if len(failures) == 1 else "ops"
            message = f"{self.name}: {len(failures)} {many} could not be converted"
            raise ConversionError(message, failures, _NEXT, self.recorder.trace)
        try:
            _tidy(model, self.options)
            _default_states(model)
        except Exception as error:
            raise ConversionError(f"{self.name}: {_said(error)}", trace=self.recorder.trace) from error
        failures += [] if failures else invalid(model, self.source, self.options)
        if failures and self.on_error == "raise":
            raise refused(self.name, failures, self.recorder.trace)
        seconds = time.perf_counter() - began
        told = self.model, self.recorder, self.options, self.source, self.name, tuple(failures), seconds
        if self.recording:
            resumable = Resumable(self.recorder, tuple(self.driver.failures), rules, stamp(self.source))
            made = Conversion(*told, resumable)
        else:
            made = Conversion(told[0], self._again, *told[2:])
        verify(made, self.on_error)
        return made

    def _again(self) -> Conversion:
        """The same conversion once more, recorded."""
        return convert_with(self.source, self.options, self.on_error)

    def _error(self, error: Exception) -> ConversionError:
        """A bug that ended the conversion, with what had failed before and the trace."""
        said = "a rule of the whole graph failed" if isinstance(error, StageFailed) else _said(error)
        failures = [_failure(f) for f in self.driver.failures]
        return ConversionError(f"{self.name}: {said}", failures, trace=self.recorder.trace)

    def _stages(self, stages: Sequence[Stage], waiting: Sequence[ir.Node] | None) -> None:
        for stage in stages:
            if self.counting is not None:
                self.counting.begins(stage, self.model.graph)
            if stage is HANDLERS:
                self.driver.convert(stage, waiting)
            else:
                self.driver.run(stage)
            if self.driver.failures and self.on_error == "raise":
                return


def _one_a_node(failures: Sequence[StepFailure]) -> list[StepFailure]:
    """Without those of an op that failed before: several rules may stumble over one."""
    return list({id(failure.node): failure for failure in reversed(failures)}.values())[::-1]


def stamp(source: Any) -> tuple[int, int]:
    """When the source was written and its size, where it is a file that is there."""
    if not isinstance(source, str | PathLike):
        return 0, 0
    try:
        found = Path(source).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _name(source: Any) -> str:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return str(getattr(source, "name", "<bytes>"))
    return str(getattr(source, "name", source))


_NEXT = (
    "what next: in a notebook, lab.Lab(model) shows these ops and converts the rest; a handler for one is written in "
    "a cell "
    'under @lab.handler("OP") (help(lab.handler)), then lab.retry(). Custom ops can be kept as nodes of another '
    "domain: "
    '--custom-ops DOMAIN, custom_ops="DOMAIN"'
)


def _failure(failure: StepFailure) -> Failure:
    node = failure.node
    if node is None:
        return Failure("the whole graph", f"stage {failure.rule.stage if failure.rule else ''}", "", reason(failure))
    tensors = ", ".join(described(v) for v in (*node.inputs, *node.outputs))
    op = f"custom op {node.op_type}" if node.domain == TFLITE_CUSTOM else node.op_type
    return Failure(op, str(node.meta.get(PLACE, node.name)), tensors, reason(failure))


def _said(error: Exception) -> str:
    """What ended a conversion outside of any rule, in words."""
    return str(error) if is_told(error) else "the conversion does not go on from here; please report it, with the file"


def _default_states(model: ir.Model) -> None:
    """Every state input gets its initial value as a default, so a caller who keeps no state need not feed it.

    A metadata property names the pairs of inputs and outputs.
    """
    pairs = [{"input": a.name, "output": b.name} for a, b in states(model.graph)]
    if pairs:
        Editor.write_property(model, STATES_PROPERTY, json.dumps(pairs))
    for value in model.graph.inputs:
        if value.meta.get(VARIABLE) and value.name:
            value.const_value = ir.tensor(initial_value(value), name=value.name)
            model.graph.register_initializer(value)


def _tidy(model: ir.Model, options: Options) -> None:
    """Leave in the file only what it needs: constants in use, domains in use, origins as text."""
    graph, opset = model.graph, options.opset
    used = {v for node in all_nodes(graph) for v in node.inputs}  # the subgraphs of ops that were erased do not count
    used.update(graph.outputs, graph.inputs)
    for inner in graph.subgraphs():
        used.update(inner.outputs)
    for name in [n for n, v in graph.initializers.items() if v not in used]:
        del graph.initializers[name]
    domains = {ONNX}
    for node in all_nodes(graph):
        domains.add(node.domain)
        if origins := node.meta.get(ORIGIN):
            Editor.write_property(node, ORIGIN_PROPERTY, origin_text(origins))
    if model.meta.get(TFLITE_NAMES):
        Editor.write_property(model, SIGNATURE_PROPERTY, json.dumps(signature_of(model).record()))
    imports = graph.opset_imports
    for domain in [d for d in imports if d not in domains]:
        del imports[domain]
    for domain in domains - set(imports):
        imports[domain] = options.extra_opsets.get(domain, 2 if domain == "ai.onnx.ml" else 1)
    imports[ONNX] = opset
    for inner in graph.subgraphs():
        inner.opset_imports.clear()
    model.ir_version = next((ir_version for newest, ir_version in _IR_VERSIONS if opset <= newest), _NEWEST_IR)
