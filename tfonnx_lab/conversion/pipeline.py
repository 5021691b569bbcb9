"""convert(): a model in, a Conversion out; the same from a step of an earlier one on, and up to a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Unpack, get_args

import onnx

from tfonnx_lab import handlers, optimizers, rewriters
from tfonnx_lab.conversion import last
from tfonnx_lab.conversion.checks import one_of
from tfonnx_lab.conversion.finish import default_states, tidy
from tfonnx_lab.conversion.options import (
    DEFAULT_OPSET,
    NEWEST_ON_ACCELERATORS,
    OLDEST_OPSET,
    Keywords,
    Options,
    options_from,
    takes_options,
)
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.conversion.source import source_name
from tfonnx_lab.conversion.stage_run import StageRun
from tfonnx_lab.errors import ConversionError, NoMemory
from tfonnx_lab.files import paths_of
from tfonnx_lab.graph import ONNX, Editor
from tfonnx_lab.graph.budget import budget
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.memory import too_little
from tfonnx_lab.readers import read_tflite
from tfonnx_lab.readers.tensorflow import is_tensorflow, to_tflite
from tfonnx_lab.rules import STAGES, Stage, handler, optimizer, restore, rewriter, without
from tfonnx_lab.texts.progress import working
from tfonnx_lab.trace import Recorder, Resumed

__all__ = ["STAGES", "convert", "handler", "newest_opset", "optimizer", "restore", "rewriter", "without"]

OnError = Literal["raise", "keep"]

RULE_PACKAGES = (rewriters, handlers, optimizers)
"""The packages whose import registers the rules of the three stages."""


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
    folder or what `tf.saved_model.load` gave; a tf.function, a concrete function, a tf.Module; a frozen graph (.pb),
    a checkpoint (.meta).
    on_error: "raise" ends with one ConversionError that lists every op that could not be converted, and holds the
    `trace`; "keep" leaves those ops in the graph and converts the rest (a rule of the whole graph that raises ends it
    there).
    progress: called with the name of each stage as it begins, and with how far it is (`texts.progress.Said`); default:
    in a notebook a bar that is shown after a second.
    trace: whether the steps are recorded as they are done; without, `result.trace` converts once more when it is read.
    Raises ConversionError for anything that cannot be read or converted, TypeError for an option that does not exist or
    a value of the wrong type, ValueError for one that is not allowed. The options:
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
    try:
        with collector_paused(), budget(chosen.memory):
            model = read_tflite(source, chosen.signature)
            model.graph.opset_imports[ONNX] = chosen.opset
            recorder = Recorder(model, source_name(source), chosen.opset, chosen.changed(), paths_of(given, source))
            editor = Editor(model, [recorder] if trace else [])
            again = None if trace else partial(convert_with, source, chosen, on_error)
            run = StageRun(editor, recorder, source, chosen, on_error, progress, again)
            result = run.run(began, STAGES)
            result.given = given
            return result
    except MemoryError:
        raise NoMemory(f"{source_name(source)}: {too_little()}") from None


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
        going_on = StageRun(state.editor, state.recorder, old.source, old.options, "keep", None)
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
    tidy(model, result.options)
    default_states(model)
    made = Conversion(model, state.recorder.trace, result.options, result.source, result.name)
    made.given = result.given
    return made


def newest_opset() -> int:
    """The newest opset that the installed onnx defines; ONNX Runtime's releases follow onnx's."""
    return int(onnx.defs.onnx_opset_version())
