"""The program of the process that LiteRT runs in: loads models and runs them as requested through a pipe.

Started as a script by `worker.py`; it imports nothing of the package, so that it starts in a moment, but for models
with Flex ops (`flex.py`). A request is (models that nobody needs any more, what to do, its arguments), an answer
("done", result) or ("failed", message).
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from functools import partial
from typing import Any

import numpy as np


class Models:
    """The models that are loaded, by number."""

    def __init__(self) -> None:
        self._loaded: dict[int, Any] = {}

    def load(self, number: int, source: str | bytes, kernels: str, keep: bool) -> tuple[Any, Any]:
        """Load a model; returns the details of its inputs and outputs."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        given: dict[str, Any] = {"model_path" if isinstance(source, str) else "model_content": source}
        if kernels != "xnnpack":
            plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            given["experimental_op_resolver_type"] = OpResolverType.BUILTIN_REF if kernels == "reference" else plain
            given["experimental_preserve_all_tensors"] = keep
        loaded = Interpreter(**given)
        if any(op["op_name"].startswith("Flex") for op in loaded._get_ops_details()):
            from tfonnx_lab.litert.flex import mixed  # for these few models alone

            options = {key: value for key, value in given.items() if key not in ("model_path", "model_content")}
            loaded = mixed(source, lambda data: Interpreter(model_content=data, **options))
        self._loaded[number] = loaded
        return loaded.get_input_details(), loaded.get_output_details()

    def run(self, number: int, inputs: list[np.ndarray], fresh: bool = True) -> list[np.ndarray]:
        """Run a model; returns its outputs.

        fresh: variables start from their initial values, as wherever LiteRT allocates tensors.
        """
        loaded = self._loaded[number]
        details = loaded.get_input_details()
        if len(details) != len(inputs):
            raise ValueError(f"{len(inputs)} inputs given, it has {len(details)}")
        if fresh:
            for detail, value in zip(details, inputs, strict=True):
                if tuple(detail["shape"]) != value.shape:
                    loaded.resize_tensor_input(detail["index"], value.shape)
            loaded.allocate_tensors()
        for detail, value in zip(details, inputs, strict=True):
            loaded.set_tensor(detail["index"], value)
        loaded.invoke()
        return [_contents(loaded, d["index"]) for d in loaded.get_output_details()]

    def rounds(self, number: int, runs: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
        """Run a model several times, variables kept; returns the outputs of each run."""
        return [self.run(number, inputs, fresh=turn == 0) for turn, inputs in enumerate(runs)]

    def tensors(self, number: int, indices: dict[str, int]) -> dict[str, np.ndarray]:
        """The values of tensors by name, without those that were not kept."""
        found = {}
        for name, index in indices.items():
            try:
                found[name] = _contents(self._loaded[number], index)
            except ValueError:
                continue
        return found

    def details(self, number: int) -> tuple[Any, Any]:
        """The details of all tensors and of all ops."""
        return self._loaded[number].get_tensor_details(), self._loaded[number]._get_ops_details()

    def onnx(self, path: str, run: bool) -> str:
        """Load an ONNX file in ONNX Runtime, and run it once on zeros if asked; returns the runtime's version.

        Dimensions that the file leaves open are 1. Raises where ONNX Runtime refuses the model.
        """
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # others would wait by spinning
        make = partial(ort.InferenceSession, path, providers=["CPUExecutionProvider"])
        try:
            session = make(options)
        except Exception:
            from tfonnx_lab.extensions import with_kernels

            session = with_kernels(make, options)
        if run:
            session.run(None, {i.name: _zeros(i.type, i.shape) for i in session.get_inputs()})
        return str(ort.__version__)

    def drop(self, numbers: list[int]) -> None:
        """Let go of models."""
        for number in numbers:
            self._loaded.pop(number, None)


def _contents(loaded: Any, index: int) -> np.ndarray:
    """The value of a tensor. LiteRT has no memory for one without elements, and calls that an invalid size."""
    try:
        return np.array(loaded.get_tensor(index))
    except ValueError:
        details = loaded._get_tensor_details(index, 0)
        if 0 not in details["shape"]:
            raise
        return np.zeros(details["shape"], details["dtype"])


def _zeros(kind: str, shape: list[Any]) -> Any:
    """An input of zeros, or of empty strings, of ONNX Runtime's type `tensor(float)`."""
    import onnxruntime as ort

    dims = [d if isinstance(d, int) else 1 for d in shape]
    if kind == "tensor(string)":
        return np.full(dims, "", object)
    word = {"float": "float32", "double": "float64"}.get(kind[7:-1], kind[7:-1])
    if hasattr(np, word) or word == "bool":
        return np.zeros(dims, word)
    import onnx

    number = onnx.TensorProto.DataType.Value(word.upper())
    return ort.OrtValue.ortvalue_from_shape_and_type(dims, number)


def end_with(parent: int) -> None:
    """End as soon as the process that started this one is gone, even in the middle of a model that never ends."""
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(1)


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # what LiteRT prints is no answer
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    models = Models()
    while True:
        try:
            unused, what, arguments = pickle.load(requests)
        except EOFError:
            return
        models.drop(unused)
        try:
            answer = "done", getattr(models, what)(*arguments)
        except Exception as error:  # of LiteRT: any
            answer = "failed", f"{error}" or type(error).__name__
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    main()
