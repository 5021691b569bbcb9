"""The program of the process that TFLite's converter runs in: makes TFLite files of frozen graphs, and loads models by
their path.

Started as a script by `worker.py`. A request is what to do and its arguments; an answer is one of `child.py`.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

Note = Callable[[str], None]

IDLE = 600.0
"""Seconds after its last answer when the process ends: TensorFlow holds half a gigabyte."""

_RETRY = "StatefulPartitionedCall"
"""What an error names where the converter could not inline a function that is called in several places."""


def convert(note: Note, graph: bytes, inputs: Any, outputs: Any) -> bytes:
    """A TFLite file of a frozen graph.

    graph, inputs, outputs: of `freeze.Frozen`.
    """
    note("TFLite's converter")
    _only_what_is_needed()
    from tensorflow.compiler.mlir.lite.python import _pywrap_converter_api as api
    from tensorflow.compiler.mlir.quantization.tensorflow.python.pywrap_function_lib import PyFunctionLibrary

    model, flags = flags_of(inputs, outputs)
    for retry in (False, True):
        flags.guarantee_all_funcs_one_use = retry
        arguments = model.SerializeToString(), flags.SerializeToString(), graph, False, None, PyFunctionLibrary()
        try:
            return bytes(api.Convert(*arguments))
        except Exception as error:
            if retry or _RETRY not in str(error):
                raise
    raise AssertionError


def flags_of(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """What the converter is told of the graph and of the file: as tf.lite.TFLiteConverter tells it of a float model."""
    from tensorflow.compiler.mlir.lite import converter_flags_pb2, model_flags_pb2, types_pb2

    model = model_flags_pb2.ModelFlags(output_arrays=outputs, change_concat_input_ranges=False)
    for name, dtype, shape in inputs:
        given = model.input_arrays.add(name=name, data_type=getattr(types_pb2, dtype))
        given.shape.unknown_rank = shape is None
        given.shape.dims.extend(shape or ())
    flags = converter_flags_pb2.ConverterFlags(
        input_format=converter_flags_pb2.TENSORFLOW_GRAPHDEF,
        output_format=converter_flags_pb2.TFLITE,
        inference_type=types_pb2.FLOAT,
        inference_input_type=types_pb2.FLOAT,
        drop_control_dependency=True,
        allow_custom_ops=True,
        enable_select_tf_ops=True,
        enable_tflite_resource_variables=True,
        lower_tensor_list_ops=True,
        enable_composite_direct_lowering=True,
        canonicalizing_inf_as_min_max_float=True,
    )
    return model, flags


def _only_what_is_needed() -> None:
    """Let the converter's library be imported without the rest of TensorFlow, which takes four times as long to
    start."""
    if "tensorflow" in sys.modules:
        return
    spec = importlib.util.find_spec("tensorflow")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if any((Path(folder) / "compiler/mlir/lite/python").is_dir() for folder in folders):
        alone = types.ModuleType("tensorflow")
        alone.__path__ = folders
        sys.modules["tensorflow"] = alone


def load(note: Note, path: str, arguments: dict[str, Any]) -> Any:
    """A model by its path, converted: a `road.Made`."""
    from tfonnx_lab.readers.tensorflow.road import made_of

    note("TensorFlow")
    import tensorflow  # noqa: F401

    return made_of(path, convert, note, **arguments)


def end_with(parent: int, busy: threading.Event) -> None:
    """End as soon as the process that started this one is gone, or has asked for nothing for a while."""
    last = time.monotonic()
    while os.getppid() == parent and time.monotonic() - last < IDLE:
        time.sleep(2)
        if busy.is_set():
            last = time.monotonic()
    os._exit(0)


def main() -> None:
    """Answer requests until there are no more."""
    does: dict[str, Callable[..., Any]] = {"convert": convert, "load": load}
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what TensorFlow and Keras print is no answer
    busy = threading.Event()
    threading.Thread(target=end_with, args=(os.getppid(), busy), daemon=True).start()

    def say(kind: str, what: Any) -> None:
        pickle.dump((kind, what), answers, protocol=5)
        answers.flush()

    while True:
        try:
            what, arguments = pickle.load(requests)
        except EOFError:
            return
        busy.set()
        try:
            say("done", does[what](lambda text: say("note", text), *arguments))
        except Exception as error:  # of TensorFlow: any
            say("failed", (type(error).__name__, str(error) or type(error).__name__, getattr(error, "details", "")))
        busy.clear()


if __name__ == "__main__":
    main()
