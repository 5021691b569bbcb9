"""One run of the stages over a graph: what they leave, checked, as a Conversion, or the error that ended it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion.failures import NEXT, failure_of, one_a_node, said_of
from tfonnx_lab.conversion.finish import default_states, tidy
from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.result import Conversion, Resumable
from tfonnx_lab.conversion.source import source_name, stamp
from tfonnx_lab.conversion.telling import Counting
from tfonnx_lab.conversion.verification import invalid, refused, verify
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import Editor
from tfonnx_lab.memory import pass_on
from tfonnx_lab.rules import HANDLERS, OPTIMIZERS, REWRITERS, Driver, Stage, StageFailed
from tfonnx_lab.trace import Recorder


class StageRun:
    """One run of the stages.

    on_error: "raise" ends the run after the first stage in which an op failed; "keep" leaves those ops in the graph.
    progress: is told how far the run is; None: nobody.
    again: converts the same source once more, for a result whose steps are not recorded; None: this run records them.
    """

    def __init__(
        self,
        editor: Editor,
        recorder: Recorder,
        source: Any,
        options: Options,
        on_error: str,
        progress: Callable[[str], None] | None,
        again: Callable[[], Conversion] | None = None,
    ) -> None:
        self.model = editor.model
        self.source = source
        self.options = options
        self.on_error = on_error
        self.counting = Counting(progress) if progress is not None else None
        self.name = source_name(source)
        self.recorder = recorder
        self.again = again
        self.driver = Driver(editor, options.opset, options, [recorder] if again is None else [])
        self.driver.listeners += [self.counting] if self.counting is not None else []

    def run(self, began: float, stages: Sequence[Stage], waiting: Sequence[ir.Node] | None = None) -> Conversion:
        """Run the stages and check what they left.

        began: `time.perf_counter()` when the conversion began.
        waiting: the ops that are left for the handlers of a conversion that goes on; None: all of the graph.
        Raises ConversionError, with the trace up to there, where an op fails and `on_error` is "raise", where a rule
        ends the conversion, or where the result is no valid model.
        """
        model = self.model
        rules = tuple(REWRITERS), tuple(OPTIMIZERS)
        try:
            self._stages(stages, waiting)
        except Exception as error:
            pass_on(error)
            cause = error.failure.error if isinstance(error, StageFailed) else error
            if isinstance(cause, ConversionError):  # no bug: it tells the user something, about an option for example
                self.recorder.finish("failed", model)
                cause.trace = self.recorder.trace
                raise cause from None
            if not isinstance(error, StageFailed) or self.on_error == "raise":
                self.recorder.finish("failed", model)
                raise self._error(error) from error
        failures = [failure_of(f, model) for f in one_a_node(self.driver.failures)]
        self.recorder.finish("failed" if failures else "ok", model)
        if failures and self.on_error == "raise":
            many = "op" if len(failures) == 1 else "ops"
            message = f"{self.name}: {len(failures)} {many} could not be converted"
            raise ConversionError(message, failures, NEXT, self.recorder.trace)
        try:
            tidy(model, self.options)
            default_states(model)
        except Exception as error:
            pass_on(error)
            raise ConversionError(f"{self.name}: {said_of(error)}", trace=self.recorder.trace) from error
        failures += [] if failures else invalid(model, self.source, self.options)
        if failures and self.on_error == "raise":
            raise refused(self.name, failures, self.recorder.trace)
        seconds = time.perf_counter() - began
        told = self.model, self.recorder, self.options, self.source, self.name, tuple(failures), seconds
        if self.again is None:
            resumable = Resumable(self.recorder, tuple(self.driver.failures), rules, stamp(self.source))
            made = Conversion(*told, resumable)
        else:
            made = Conversion(told[0], self.again, *told[2:])
        verify(made, self.on_error)
        return made

    def _error(self, error: Exception) -> ConversionError:
        """A bug that ended the conversion, with what had failed before and the trace."""
        said = "a rule of the whole graph failed" if isinstance(error, StageFailed) else said_of(error)
        failures = [failure_of(f, self.model) for f in self.driver.failures]
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
