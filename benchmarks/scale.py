"""How conversion grows: `python benchmarks/scale.py [OPS ...]` (default 100 1000 10000), and what it takes in memory.

For int8 residual chains of that many ops: processor milliseconds an op, steps an op, what recording the trace adds,
seconds to make the protobuf. Then the peak memory of converting and saving a model of 400 MB of weights, as a multiple
of the file, and the time beside the raw cost of copying its bytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "tests")]
import tfonnx_lab as lab  # noqa: E402
from conformance import Model  # noqa: E402
from tfonnx_lab.conversion import pipeline  # noqa: E402
from tfonnx_lab.trace import Recorder  # noqa: E402

WEIGHTS = 25
"""Layers of 16 MB of float weights."""


EVENTS = [
    "begin", "end", "missed", "failed", "inserted", "erased", "rewired", "output_changed", "inputs_changed",
    "outputs_changed", "constant_added", "retyped", "attribute_set", "graph_added",
]  # fmt: skip
Silent: type[Recorder] = type("Silent", (Recorder,), dict.fromkeys(EVENTS, lambda self, *event: None))
"""Hears nothing, so the difference to a Recorder is what recording costs."""


def chain(ops: int) -> bytes:
    """CONV_2D with RELU6 and a residual ADD, int8, again and again."""
    model, rng = Model(), np.random.default_rng(0)
    act = (0.05, 3)
    x = model.input([1, 8, 8, 8], "int8", act)
    for _ in range(ops // 2):
        w = model.const(rng.integers(-127, 128, [8, 3, 3, 8]), "int8", ([0.01] * 8, [0] * 8, 0))
        b = model.const(rng.integers(-100, 100, [8]), "int32", ([0.0005] * 8, [0] * 8, 0))
        y = model.tensor("int8", [1, 8, 8, 8], quant=act)
        model.op("CONV_2D", [x, w, b], [y], padding="SAME", stride_h=1, stride_w=1, fused_activation_function="RELU6",
                 dilation_h_factor=1, dilation_w_factor=1)  # fmt: skip
        x = model.op("ADD", [x, y], [model.tensor("int8", [1, 8, 8, 8], quant=act)])
    return model.outputs(x).bytes()


def seconds(data: bytes, recorder: type[Recorder]) -> tuple[float, lab.Conversion]:
    """Processor seconds of a conversion with this recorder."""
    vars(pipeline)["Recorder"] = recorder
    began = time.process_time()
    result = lab.convert(data)
    return time.process_time() - began, result


def grown(ops: int) -> None:
    """Print a row of the table."""
    data = chain(ops)
    times = {kind: min(seconds(data, kind)[0] for _ in range(2)) for kind in (Recorder, Silent)}
    _, result = seconds(data, Recorder)
    began = time.process_time()
    _ = result.model
    proto = time.process_time() - began
    print(f"{ops:6} ops  {1e3 * times[Recorder] / ops:6.2f} ms/op  {len(result.trace) / ops:5.1f} steps/op  "
          f"recording +{100 * (times[Recorder] / times[Silent] - 1):3.0f} %  protobuf {proto:6.2f} s")  # fmt: skip


def large(path: Path) -> None:
    """Write a model of WEIGHTS layers."""
    model, rng = Model(), np.random.default_rng(0)
    x = model.input([1, 2048])
    for _ in range(WEIGHTS):
        w = model.const(rng.standard_normal([2048, 2048], np.float32))
        x = model.op("FULLY_CONNECTED", [x, w, None], [model.tensor("float32", [1, 2048])])
    path.write_bytes(model.outputs(x).bytes())


def high_water() -> int:
    """The most bytes that the process has had in memory (getrusage would count the parent's before the start)."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def peak(path: str, target: str) -> None:
    """Convert and save; print the seconds, and the peak memory over what the imports took."""
    lab.convert(chain(4)).save(target)
    before, began = high_water(), time.perf_counter()
    lab.convert(path).save(target)
    print(time.perf_counter() - began, high_water() - before)


def memory() -> None:
    """Print what a large model takes."""
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder) / "large.tflite", Path(folder) / "large.onnx"
        large(path)
        began = time.perf_counter()
        Path(folder, "copy").write_bytes(path.read_bytes())
        copied = time.perf_counter() - began
        run = subprocess.run(
            [sys.executable, __file__, "--peak", str(path), str(target)], capture_output=True, text=True, check=True
        )
        took, extra = map(float, run.stdout.split())
        size = path.stat().st_size
        print(f"{size / 2**20:.0f} MB of weights: {took:.2f} s ({took / copied:.1f} times copying the bytes), "
              f"peak memory {extra / size:.2f} times the file")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak(*sys.argv[2:4])
    else:
        for size in [int(a) for a in sys.argv[1:]] or [100, 1000, 10_000]:
            grown(size)
        memory()
