"""How conversion grows: `python benchmarks/scale.py [OPS ...]` (default 100 1000 10000), and what it takes in memory.

`python benchmarks/scale.py --outputs N` and `--gigabytes N` measure a model of so many outputs and of so large weights.

For int8 residual chains of that many ops: processor milliseconds an op, steps an op, what recording the trace adds,
seconds to make the protobuf. Then the peak memory of converting and saving a model of 400 MB of weights, as a multiple
of the file, and the time beside the raw cost of copying its bytes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "tests")]
import tfonnx_lab as lab  # noqa: E402
from conformance import Model, models  # noqa: E402

WEIGHTS = 25
"""Layers of 16 MB of float weights."""

LAYER = 2048 * 2048 * 4
"""Bytes of one."""


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


def seconds(data: bytes, trace: bool) -> tuple[float, lab.Conversion]:
    """Processor seconds of a conversion, its steps recorded or not."""
    began = time.process_time()
    result = lab.convert(data, trace=trace)
    return time.process_time() - began, result


def grown(ops: int) -> None:
    """Print a row of the table."""
    data = chain(ops)
    times = {recorded: min(seconds(data, recorded)[0] for _ in range(2)) for recorded in (True, False)}
    _, result = seconds(data, True)
    began = time.process_time()
    _ = result.model
    proto = time.process_time() - began
    print(f"{ops:6} ops  {1e3 * times[True] / ops:6.2f} ms/op  {len(result.trace) / ops:5.1f} steps/op  "
          f"recording +{100 * (times[True] / times[False] - 1):3.0f} %  protobuf {proto:6.2f} s")  # fmt: skip


def large(path: Path) -> None:
    """Write a model of WEIGHTS layers."""
    model, rng = Model(), np.random.default_rng(0)
    x = model.input([1, 2048])
    for _ in range(WEIGHTS):
        w = model.const(rng.standard_normal([2048, 2048], np.float32))
        x = model.op("FULLY_CONNECTED", [x, w, None], [model.tensor("float32", [1, 2048])])
    path.write_bytes(model.outputs(x).bytes())


def huge(path: Path, layers: int) -> None:
    """Write a model whose weights stand behind the flatbuffer, as those over 2 GB do; nearly all are holes of zeros."""
    model = Model()
    x = model.input([1, 2048])
    for _ in range(layers):
        w = model.const(np.zeros(1, np.float32), shape=[2048, 2048], outside=True)
        x = model.op("FULLY_CONNECTED", [x, w, None], [model.tensor("float32", [1, 2048])])
    model.outputs(x)
    table = models.packed(model)
    outer = [buffer for buffer in table.buffers if buffer.offset]
    start = len(models.finished(table)) + 4096
    for index, buffer in enumerate(outer):
        buffer.offset, buffer.size = start + index * LAYER, LAYER
    with path.open("wb") as file:
        file.write(models.finished(table))
        for index, buffer in enumerate(outer):
            file.seek(buffer.offset)
            file.write(np.array([index + 1, 0.5], np.float32).tobytes())
        file.truncate(start + len(outer) * LAYER)


def many_outputs(count: int) -> None:
    """Print what a model of so many outputs takes."""
    model = Model()
    x = model.input([1, 4])
    ends = [
        model.op("ADD", [x, model.const(np.full([1, 4], i, np.float32))], [model.tensor("float32", [1, 4])])
        for i in range(count)
    ]
    data = model.outputs(*ends).bytes()
    began = time.process_time()
    result = lab.convert(data)
    took = time.process_time() - began
    assert len(result.ir_model.graph.outputs) == count
    print(f"{count} outputs: {took:.2f} s")


def high_water() -> int:
    """The most bytes that the process has had in memory (getrusage would count the parent's before the start)."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def peak(path: str, target: str) -> None:
    """Convert and save; print the seconds, and the peak memory over what the imports took."""
    lab.convert(chain(4)).save(target)
    before, began = high_water(), time.perf_counter()
    lab.convert(path).save(target)
    print(time.perf_counter() - began, high_water() - before)


def memory(gigabytes: float | None = None) -> None:
    """Print what a large model takes; gigabytes: one with so much of weights."""
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder) / "large.tflite", Path(folder) / "large.onnx"
        if gigabytes is None:
            large(path)
        else:
            huge(path, round(gigabytes * 1e9 / LAYER))
        began = time.perf_counter()
        with path.open("rb") as source, Path(folder, "copy").open("wb") as copy:
            shutil.copyfileobj(source, copy, LAYER)
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
    elif sys.argv[1:2] == ["--outputs"]:
        many_outputs(int(sys.argv[2]))
    elif sys.argv[1:2] == ["--gigabytes"]:
        memory(float(sys.argv[2]))
    else:
        for size in [int(a) for a in sys.argv[1:]] or [100, 1000, 10_000]:
            grown(size)
        memory()
