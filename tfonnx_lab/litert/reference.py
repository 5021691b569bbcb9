"""LiteRT as the reference: its own kernels, without delegates, every tensor kept."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert.worker import Crashed, Gone, Worker, worker

_TRIES = 20
"""How often a model is loaded again because those of other threads crash LiteRT."""

_MOST = 64
"""How many runs are repeated then."""

_ENDED = "LiteRT was ended by a crash of another model"


class LiteRT:
    """A TFLite model in LiteRT, which runs in a process of its own: it crashes on some models (`worker.py`).

    source: path or bytes.
    keep: keep intermediate tensors (LiteRT 2.3 crashes when it keeps those of a model with variable tensors, so such a
    model's outputs alone can be had).
    optimised: with LiteRT's default delegates (XNNPACK), which keep no intermediate tensors; its distance from the
    reference says how far apart two right answers can be.
    kernels: which of LiteRT's three sets of kernels, "reference" (the plain ones), "builtin" (its optimised ones) or
    "xnnpack" (with the delegates); empty: "xnnpack" where `optimised`, else "builtin".
    inputs, outputs: LiteRT's details of them, in the model's order.
    Raises ConversionError where LiteRT cannot load the model, as its methods do where it cannot run it.
    """

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]

    def __init__(self, source: Any, *, optimised: bool = False, keep: bool = True, kernels: str = "") -> None:
        self._given = str(Path(source).absolute()) if isinstance(source, (str, os.PathLike)) else bytes(source)
        self._how = kernels or ("xnnpack" if optimised else "builtin"), keep
        self._runs: list[list[np.ndarray]] = []
        self._alone = False
        self._load()

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run the model on inputs in its order, resized where their shapes differ; returns its outputs.

        Raises ConversionError where LiteRT cannot run it.
        """
        given = [np.asarray(value) for value in inputs]
        outputs = list(self._ask("run", given))
        self._runs = [*self._runs[-_MOST:], given]
        return outputs

    def rounds(self, runs: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        """Run the model several times, on these inputs of each run; what it keeps from one run to the next is kept.

        Raises ConversionError as `run` does.
        """
        given = [[np.asarray(value) for value in inputs] for inputs in runs]
        return [list(outputs) for outputs in self._ask("rounds", given)]

    def tensors(self, indices: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The values of tensors after a run, by name; those that LiteRT did not keep are left out."""
        return dict(self._ask("tensors", dict(indices)))

    def _load(self) -> None:
        """Load the model in the process that there is, or in its own."""
        for _ in range(_TRIES):
            self._worker = Worker() if self._alone else worker()
            self._number = self._worker.number()
            try:
                self.inputs, self.outputs = self._worker.ask("load", self._number, self._given, *self._how)
            except Gone:
                continue
            except Crashed:
                if self._alone:
                    raise
                self._alone = True
                continue
            weakref.finalize(self, *((self._worker.close,) if self._alone else (self._worker.drop, self._number)))
            return
        raise ConversionError(_ENDED)

    def _ask(self, what: str, *arguments: Any) -> Any:
        """Ask for one thing about the model.

        Where another's crash has ended the process, it is loaded and run again first. Where the process ends over this
        request, another model may have left its memory in disorder: it is tried again in a process of its own, and
        whoever ends that is at fault itself.
        """
        for _ in range(_TRIES):
            try:
                return self._worker.ask(what, self._number, *arguments)
            except Gone:
                pass
            except Crashed:
                if self._alone:
                    raise
                self._alone = True
            if len(self._runs) > _MOST:  # a model may keep something from run to run
                raise ConversionError(f"{_ENDED}; after more than {_MOST} runs they are not repeated: load it again")
            self._load()
            with suppress(Gone):
                for given in self._runs:
                    self._worker.ask("run", self._number, given)
        raise ConversionError(_ENDED)

    @property
    def details(self) -> list[dict[str, Any]]:
        """LiteRT's details of all tensors."""
        return list(self._all[0])

    @property
    def ops(self) -> list[dict[str, Any]]:
        """LiteRT's details of the main graph's ops: index, op_name, inputs, outputs."""
        return list(self._all[1])

    @cached_property
    def _all(self) -> Any:
        return self._ask("details")
