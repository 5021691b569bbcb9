"""x86 without VNNI, where ONNX Runtime's uint8 x int8 kernels saturate: `python benchmarks/avx2.py FOLDER_OR_FILE ...`.

For each model the nrmse of its outputs against LiteRT's reference kernels, on this CPU and on one that qemu-x86_64
plays (a Haswell, which has AVX2 alone): as converted by default, the same with the session option
session.x64quantprecision, and with exact=True. What LiteRT computes and the conversion run on this CPU. Exit status 1
where exact=True is farther off on the other CPU than here. Needs qemu-user.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

PRECISION = "session.x64quantprecision"
CPU = "Haswell"
WAYS: dict[str, dict[str, Any]] = {"default": {}, "option": {}, "exact": {"exact": True}}
_WORSE = 1.5


def run(folder: Path, model: str) -> None:
    """Run each way's file on the inputs beside it, and keep the outputs; called in the emulated process, too."""
    with np.load(folder / f"{model}.npz") as kept:
        given = [kept[f"arr_{i}"] for i in range(len(kept.files))]
    for way in WAYS:
        options = ort.SessionOptions()
        options.log_severity_level = 4
        if way == "option":
            options.add_session_config_entry(PRECISION, "1")
        file = folder / f"{model}.{'exact' if way == 'exact' else 'default'}.onnx"
        target = folder / f"{model}.{way}.out.npz"
        target.unlink(missing_ok=True)
        try:
            session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
            feed = {i.name: x for i, x in zip(session.get_inputs(), given, strict=False)}
            np.savez(target, *session.run(None, feed))
        except Exception as error:  # ONNX Runtime's errors share no base class
            print(f"{model}, {way}: {str(error).splitlines()[0][-90:]}", file=sys.stderr)


def outputs(folder: Path, model: str, count: int) -> dict[str, list[np.ndarray]]:
    """What `run` kept: the model's own outputs of each way."""
    found = {}
    for way in WAYS:
        if (file := folder / f"{model}.{way}.out.npz").exists():
            with np.load(file) as kept:
                found[way] = [kept[f"arr_{i}"] for i in range(count)]
    return found


def measured(path: Path, folder: Path) -> tuple[str, bool]:
    """The table's row, and whether exact=True is as close on the other CPU."""
    from quantized import answers, inputs, litert  # none of this in the emulated process: LiteRT does not start there

    import tfonnx_lab as lab

    reference = litert(path, True)
    given = inputs(reference)
    want = answers(reference, given)
    for way in ("default", "exact"):
        lab.convert(path, **WAYS[way]).save(folder / f"{path.stem}.{way}.onnx")
    np.savez(folder / f"{path.stem}.npz", *given)
    here = _off(want, outputs_of(folder, path.stem, [], len(want)))
    there = _off(want, outputs_of(folder, path.stem, ["qemu-x86_64", "-cpu", CPU], len(want)))
    cells = "".join(f"{off[way]:14.2g}" if way in off else f"{'fails':>14}" for off in (here, there) for way in WAYS)
    right = "exact" in there and there["exact"] <= _WORSE * here["exact"] + 1e-6
    return f"{path.stem[:44]:44}{cells}", right


def outputs_of(folder: Path, model: str, cpu: Sequence[str], count: int) -> dict[str, list[np.ndarray]]:
    """The outputs of each way on a CPU."""
    command = [*cpu, sys.executable, __file__, "--child", str(folder), model]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    print("".join(line for line in told.stderr.splitlines(True) if line.startswith(f"{model},")), end="")
    return outputs(folder, model, count)


def _off(want: list[np.ndarray], made: dict[str, list[np.ndarray]]) -> dict[str, float]:
    from quantized import nrmse

    return {way: nrmse(want, values) for way, values in made.items()}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--row", action="store_true", help="one model, its row only")
    given = parser.parse_args()
    if shutil.which("qemu-x86_64") is None:
        print("qemu-x86_64 is missing: install qemu-user")
        return 2
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    head = "".join(f"{f'{way} {cpu}':>14}" for cpu in ("", "AVX2") for way in WAYS)
    if given.row:
        with tempfile.TemporaryDirectory() as folder:
            row, right = measured(paths[0], Path(folder))
        print(row, flush=True)
        return int(not right)
    print(f"{'nrmse':44}{head}", flush=True)
    command = [sys.executable, __file__, "--row"]  # a process each: LiteRT can crash
    codes = [subprocess.run([*command, str(path)], check=False).returncode for path in paths]
    return int(any(codes))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        run(Path(sys.argv[2]), sys.argv[3])
        sys.exit(0)
    sys.exit(main())
