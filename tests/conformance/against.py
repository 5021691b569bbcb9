"""Run a model with LiteRT and, converted, with ONNX Runtime; compare what they say."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tfonnx_lab import convert

from . import record
from .encoding import Array
from .models import Model


@dataclass
class Reference:
    """What LiteRT says: outputs, their names, and how far from them an answer may be."""

    names: list[str]
    outputs: list[Array]
    input_names: list[str]
    inputs: list[Array]
    quantized: list[bool]
    steps: list[float]
    judge: str = "LiteRT"
    """Who says it: LiteRT, TensorFlow, or numpy (a function of the test, written from the op's specification)."""


class Mismatch(AssertionError):
    """ONNX Runtime says something else than LiteRT."""


def _interpreter(data: bytes, feeds: Sequence[Array]) -> Interpreter:
    it = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        num_threads=1,
    )
    for detail, value in zip(it.get_input_details(), feeds, strict=True):
        if tuple(detail["shape"]) != value.shape:
            it.resize_tensor_input(detail["index"], list(value.shape))
    it.allocate_tensors()
    return it


def _set_inputs(it: Interpreter, feeds: Sequence[Array]) -> None:
    for detail, value in zip(it.get_input_details(), feeds, strict=True):
        if value.dtype == object:
            if not value.shape:
                raise TypeError("LiteRT's interpreter takes no scalar strings: its set_tensor stores an address")
            value = np.vectorize(lambda v: v if isinstance(v, bytes) else str(v).encode(), otypes=[object])(value)
        it.set_tensor(detail["index"], value)


def reference(data: bytes, feeds: Sequence[Array], runs: int = 1) -> Reference:
    """Run LiteRT's own kernels (no delegate) `runs` times and keep the last outputs."""
    it = _interpreter(data, feeds)
    for _ in range(runs):
        _set_inputs(it, feeds)
        it.invoke()
    details = it.get_output_details()
    scales = {t["index"]: t["quantization_parameters"]["scales"] for t in it.get_tensor_details()}
    behind = {
        int(op["outputs"][0]): float(scales[op["inputs"][0]][0])
        for op in it._get_ops_details()
        if op["op_name"] == "DEQUANTIZE" and len(scales.get(op["inputs"][0], ())) == 1
    }
    return Reference(
        [d["name"] for d in details],
        [_value(it, d) for d in details],
        [d["name"] for d in it.get_input_details()],
        list(feeds),
        [len(d["quantization_parameters"]["scales"]) > 0 for d in details],
        [behind.get(d["index"], 0.0) for d in details],
    )


def _value(it: Interpreter, detail: dict[str, Any]) -> Array:
    if 0 in detail["shape"]:  # LiteRT's get_tensor refuses an empty tensor whose shape was computed
        return np.empty(detail["shape"], detail["dtype"])
    return np.array(it.get_tensor(detail["index"]))


def given_reference(model: Model, outputs: Sequence[Array], judge: str = "numpy") -> Reference:
    """A reference that is not LiteRT's: for ops that it has no kernel for. The outputs need shapes then.

    judge: who computed it.
    """
    tables = [model.tensors[i] for i in model.table.outputs]
    return Reference(
        [t.name or "" for t in tables],
        list(outputs),
        [t.name or "" for t in model.fed],
        model.feeds(),
        [t.quant is not None for t in tables],
        [0.0] * len(tables),
        judge,
    )


def _alone(data: bytes, feeds: Sequence[Array]) -> list[Array]:
    return reference(data, feeds).outputs


def run_litert(data: bytes, feeds: Sequence[Array], isolated: bool = False) -> list[Array]:
    """LiteRT's outputs; `isolated` runs it in a process of its own, for models that may make it abort."""
    if not isolated:
        return _alone(data, feeds)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_alone, data, feeds).result()


def computed_shapes(data: bytes, feeds: Sequence[Array]) -> list[tuple[list[int], bool]]:
    """Each tensor's shape after a run, and whether it depends on the values (known only then)."""
    it = _interpreter(data, feeds)
    before = [t["shape"].tolist() for t in it.get_tensor_details()]
    _set_inputs(it, feeds)
    it.invoke()
    after = [t["shape"].tolist() for t in it.get_tensor_details()]
    return [(b, a != b) for a, b in zip(before, after, strict=False)]


@cache
def newest_opset() -> int:
    """The newest opset that both onnx and ONNX Runtime know."""
    info = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [info], [onnx.helper.make_tensor_value_info("y", 1, [1])])
    for opset in range(onnx.defs.onnx_opset_version(), 21, -1):
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=10)
        with contextlib.suppress(Exception):  # ONNX Runtime's errors share no base class
            onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            return opset
    return 21


def opsets() -> list[int]:
    """The opsets that every op is tested at."""
    return [13, 18, 21, newest_opset()]


def run_onnx(model: onnx.ModelProto, ref: Reference) -> list[Array]:
    """ONNX Runtime's outputs, in LiteRT's order: inputs and outputs are paired by name, or else by position."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    feeds = {}
    for at, (name, value) in enumerate(zip(ref.input_names, ref.inputs, strict=True)):
        paired = pair(name, at, names, len(ref.inputs))
        if paired is not None:
            feeds[paired] = pairs_of(value) if value.dtype.kind == "c" else value
    found = [o.name for o in session.get_outputs()]
    got = dict(zip(found, _run(session, feeds), strict=True))
    out = []
    for at, name in enumerate(ref.names):
        paired = pair(name, at, found, len(ref.names))
        if paired is None:
            raise Mismatch(f"no output {name!r} among {found}")
        out.append(np.asarray(got[paired]))
    return out


def _run(session: Any, feeds: dict[str, Array]) -> list[Array]:
    """What the session gives; bfloat16, of which numpy knows nothing, goes in and comes out as its bits."""
    bits = onnx.TensorProto.BFLOAT16
    if not any("bfloat16" in v.type for v in (*session.get_inputs(), *session.get_outputs())):
        return list(session.run(None, feeds))
    make = onnxruntime.OrtValue
    values = {
        k: make.ortvalue_from_numpy_with_onnx_type(v.view(np.uint16), bits)
        if v.dtype == ml_dtypes.bfloat16
        else make.ortvalue_from_numpy(v)
        for k, v in feeds.items()
    }
    return [_array(v) for v in session.run_with_ort_values(None, values)]


def _array(value: Any) -> Array:
    if value.data_type() != "tensor(bfloat16)":
        return np.asarray(value.numpy())
    size = int(np.prod(value.shape()))
    memory: Any = (ctypes.c_uint16 * size).from_address(value.data_ptr()) if size else []
    return np.array(memory, np.uint16).view(ml_dtypes.bfloat16).reshape(value.shape())


def pairs_of(value: Array) -> Array:
    """Complex numbers as the converted models hold them: the real and the imaginary part in a last dimension of two."""
    return np.stack([value.real, value.imag], axis=-1)


def pair(name: str, at: int, names: Sequence[str], count: int) -> str | None:
    """Which of `names` is meant by a TFLite tensor's name and position."""
    if name in names:
        return name
    if len(names) == count:
        return names[at]
    return next((n for n in names if n.split(":")[0] == name.split(":")[0]), None)


def differences(name: str, want: Array, got: Array, quantized: bool = False, step: float = 0.0) -> str | None:
    """What is wrong with an output, or None: integers equal, 8-bit within a step, 16-bit two, floats 1e-3 of scale."""
    if want.dtype.kind == "c":
        want = pairs_of(want)
    if want.dtype.kind in "SO":
        texts = [[v.decode() if isinstance(v, bytes) else str(v) for v in t.ravel()] for t in (want, got)]
        same_text = texts[0] == texts[1] and want.shape == got.shape
        return None if same_text else f"{name}: strings {texts[1]} {got.shape}, not {texts[0]} {want.shape}"
    if got.shape != want.shape:
        return f"{name}: shape {got.shape}, LiteRT has {want.shape}"
    if got.dtype != want.dtype:
        return f"{name}: dtype {got.dtype}, LiteRT has {want.dtype}"
    if not want.size:
        return None
    if want.dtype == ml_dtypes.bfloat16:
        want, got = want.astype(np.float32), got.astype(np.float32)
        return differences(name, want.astype(np.float16), got.astype(np.float16), quantized, step)
    if want.dtype.kind in "iub":
        error = np.abs(want.astype(np.float64) - got.astype(np.float64))
        limit = np.full(want.shape, (1.0 if want.dtype.itemsize == 1 else 2.0) if quantized else 0.0)
        wrong = error > limit if quantized else want != got
    else:
        a, b = want.astype(np.complex128), got.astype(np.complex128)
        finite = np.isfinite(a) & np.isfinite(b)
        same = (np.isnan(a) & np.isnan(b)) | (want == got)
        error = np.where(finite, np.abs(np.where(finite, a, 0) - np.where(finite, b, 0)), np.where(same, 0, np.inf))
        size = np.abs(np.where(finite, a, 0))
        tolerance = 2e-2 if want.dtype.itemsize == 2 else 1e-3
        limit = np.maximum(tolerance * np.maximum(size, max(1e-3, float(size.max()) * 0.1)), 1.05 * step)
        wrong = error > limit
    if not wrong.any():
        return None
    places = [tuple(int(i) for i in p) for p in np.argwhere(wrong)[:4]]
    shown = ", ".join(f"{list(p)}: {got[p]} not {want[p]}" for p in places)
    count = f"{int(wrong.sum())} of {want.size} differ, worst {error.max():.4g}"
    return f"{name} {want.dtype}{list(want.shape)}: {count}; {shown}"


@dataclass
class Outcome:
    """A conversion that was compared: LiteRT's answer, ONNX Runtime's, and the conversion itself."""

    reference: Reference
    got: list[Array]
    result: Any = field(repr=False, default=None)


def check(
    model: Model | bytes,
    feeds: Sequence[Array] | None = None,
    opset: int = 18,
    *,
    values: bool = True,
    ref: Reference | None = None,
    **options: Any,
) -> Outcome:
    """Convert and compare with LiteRT; raise `Mismatch` with what differs. `values=False`: shapes and dtypes only."""
    data = model.bytes() if isinstance(model, Model) else model
    if feeds is None:
        if not isinstance(model, Model):
            raise TypeError("a model given as bytes needs its inputs' values")
        feeds = model.feeds()
    ref = ref or reference(data, feeds)
    facts = model.facts if isinstance(model, Model) else []
    with record.Recording([{**f, "judge": ref.judge} for f in facts], opset):
        result = convert(data, opset=opset, **options)
        got = run_onnx(result.model, ref)
        problems = []
        for name, want, have, quantized, step in zip(
            ref.names, ref.outputs, got, ref.quantized, ref.steps, strict=True
        ):
            if not values:
                want = pairs_of(want) if want.dtype.kind == "c" else want
                want, have = np.empty(want.shape, want.dtype), np.empty(have.shape, have.dtype)
                want, have = (np.zeros_like(x) for x in (want, have))
            problem = differences(name, want, have, quantized, step)
            if problem:
                problems.append(problem)
        if problems:
            ops = ", ".join(f"{f['op']} {f['dtype']} {f['scheme']}" for f in facts)
            given = ", ".join(f"{v.dtype}{list(v.shape)}" for v in feeds)
            raise Mismatch("\n  ".join([f"{ops} at opset {opset}, inputs {given}:", *problems]))
    return Outcome(ref, got, result)
