"""LiteRT as the reference: its own kernels, without delegates, every tensor kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tfonnx_lab.errors import ConversionError


class LiteRT:
    """A TFLite model in LiteRT.

    source: path or bytes. keep: keep intermediate tensors (LiteRT 2.3 crashes when it keeps those of a model with variable
    tensors, so such a model's outputs alone can be had). optimised: with LiteRT's default delegates (XNNPACK), which keep no intermediate tensors; its
    distance from the reference says how far apart two right answers can be.
    """

    def __init__(self, source: Any, *, optimised: bool = False, keep: bool = True) -> None:
        given: dict[str, Any] = {}
        if isinstance(source, (str, os.PathLike)):
            given["model_path"] = os.fspath(source)
        else:
            given["model_content"] = bytes(source)
        if not optimised:
            given["experimental_op_resolver_type"] = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            given["experimental_preserve_all_tensors"] = keep
        try:
            self.interpreter = Interpreter(**given)
        except (ValueError, RuntimeError) as error:
            raise ConversionError(f"LiteRT cannot load the model: {error}") from error
        self.inputs: list[dict[str, Any]] = self.interpreter.get_input_details()
        self.outputs: list[dict[str, Any]] = self.interpreter.get_output_details()

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run the model on inputs in its order, resized where their shapes differ; returns its outputs.

        Raises ConversionError where LiteRT cannot run it.
        """
        it = self.interpreter
        try:
            for detail, value in zip(self.inputs, inputs, strict=True):
                if tuple(detail["shape"]) != value.shape:
                    it.resize_tensor_input(detail["index"], value.shape)
            it.allocate_tensors()
            for detail, value in zip(self.inputs, inputs, strict=True):
                it.set_tensor(detail["index"], value)
            it.invoke()
            return [np.array(it.get_tensor(d["index"])) for d in self.outputs]
        except (ValueError, RuntimeError) as error:
            raise ConversionError(f"LiteRT cannot run the model: {error}") from error

    def tensors(self, indices: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The values of tensors after a run, by name; those that LiteRT did not keep are left out."""
        found = {}
        for name, index in indices.items():
            try:
                found[name] = np.array(self.interpreter.get_tensor(index))
            except ValueError:
                continue
        return found
