"""LiteRT as the reference: its own kernels, without delegates, every tensor kept."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.litert.worker import worker


class LiteRT:
    """A TFLite model in LiteRT, which runs in a process of its own: it crashes on some models (`worker.py`).

    source: path or bytes. keep: keep intermediate tensors (LiteRT 2.3 crashes when it keeps those of a model with variable
    tensors, so such a model's outputs alone can be had). optimised: with LiteRT's default delegates (XNNPACK), which keep no
    intermediate tensors; its distance from the reference says how far apart two right answers can be.
    inputs, outputs: LiteRT's details of them, in the model's order.
    Raises ConversionError where LiteRT cannot load the model, as its methods do where it cannot run it.
    """

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]

    def __init__(self, source: Any, *, optimised: bool = False, keep: bool = True) -> None:
        given = str(Path(source).absolute()) if isinstance(source, (str, os.PathLike)) else bytes(source)
        self._worker = worker()
        self._number = self._worker.number()
        self.inputs, self.outputs = self._worker.ask("load", self._number, given, optimised, keep)
        weakref.finalize(self, self._worker.drop, self._number)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run the model on inputs in its order, resized where their shapes differ; returns its outputs.

        Raises ConversionError where LiteRT cannot run it.
        """
        return list(self._worker.ask("run", self._number, [np.asarray(value) for value in inputs]))

    def tensors(self, indices: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The values of tensors after a run, by name; those that LiteRT did not keep are left out."""
        return dict(self._worker.ask("tensors", self._number, dict(indices)))

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
        return self._worker.ask("details", self._number)
