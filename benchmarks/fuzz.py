"""Damaged models: each converts into a file that ONNX Runtime loads, or is one ConversionError, soon and in little
memory.

    python benchmarks/fuzz.py                        a minute of seeded mutants of the package's samples
    python benchmarks/fuzz.py --seconds 3600 --start 100000 FOLDER
    python benchmarks/fuzz.py --seed 4711            one mutant again, with its traceback
    python benchmarks/fuzz.py --litert               also runs what converted beside LiteRT, and counts what differs

FOLDER: more .tflite files to damage. With atheris installed, coverage guides the same mutations for half of the time
(`--atheris`: for all of it). An error is for people, too (fuzz_texts.py). Exit code 1 where anything else came out.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder
from fuzz_texts import unclear

if "--atheris" in sys.argv:
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["tfonnx_lab.readers", "tfonnx_lab.graph", "tfonnx_lab.rules"]):
        import tfonnx_lab as lab
        import tfonnx_lab.conversion.pipeline
else:
    import tfonnx_lab as lab
from tfonnx_lab import samples

LARGEST = 400_000
"""Bytes of the largest model that is damaged: a mutant costs what the model does."""

PATIENCE, MEMORY, CHUNK = 10, 6 << 30, 25
"""Seconds of processor time and bytes of address space that a mutant may take; mutants in one process."""

BAD = ("exception", "slow", "not loaded", "process ended", "unclear")


def corpus(folders: Sequence[str]) -> list[Path]:
    """The models to damage, smallest first."""
    found = [
        *Path(samples.__file__).parent.glob("*.tflite"),
        *(p for f in folders for p in Path(f).glob("**/*.tflite")),
    ]
    return sorted((p for p in found if p.stat().st_size < LARGEST), key=lambda p: (p.stat().st_size, p.name))


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    """A few bytes, or a word, anywhere."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(made) - 4)
        if rng.random() < 0.3:
            made[at : at + 4] = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, rng.getrandbits(32))).to_bytes(
                4, "little"
            )
        else:
            made[at] = rng.randrange(256)
    return bytes(made)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The beginning alone."""
    return data[: rng.randrange(8, len(data))]


def _number(rng: random.Random, old: Any) -> Any:
    if isinstance(old, float):
        return rng.choice((0.0, -1.0, float("inf"), float("nan"), 1e30, old * 2))
    return rng.choice((0, 1, -1, 2, 3, 7, 8, 127, -128, 1_000_000, 2**31 - 1, int(old) + 1, int(old) - 1))


def _records(item: Any) -> list[Any]:
    """The item and all tables in it."""
    found = [item]
    for value in vars(item).values():
        inner = value if isinstance(value, list) else [value]
        found += [r for v in inner if hasattr(v, "__dict__") for r in _records(v)]
    return found


def _model(data: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(data, 0)


def _packed(model: Any) -> bytes:
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def any_field(data: bytes, rng: random.Random) -> bytes:
    """A number, a list or a table of any table of the file."""
    model = _model(data)
    for _ in range(rng.choice((1, 1, 2))):
        record = rng.choice(_records(model))
        name = rng.choice(sorted(vars(record)) or [""])
        old = getattr(record, name, None)
        if isinstance(old, (int, float)) and not isinstance(old, bool):
            setattr(record, name, _number(rng, old))
        elif isinstance(old, np.ndarray) and old.size and old.size < 100_000:
            new = old.copy()
            new.flat[rng.randrange(new.size)] = np.asarray(_number(rng, new.flat[0].item())).astype(new.dtype)
            setattr(record, name, new if rng.random() < 0.7 else new[: rng.randrange(new.size)])
        elif isinstance(old, list) and old and rng.random() < 0.5:
            setattr(record, name, rng.choice((old[:-1], old[::-1], [*old, old[0]])))
        elif name:
            setattr(record, name, None)
    return _packed(model)


def tensor_type(data: bytes, rng: random.Random) -> bytes:
    """Another dtype of a tensor."""
    model = _model(data)
    rng.choice(rng.choice(model.subgraphs).tensors).type = rng.randrange(20)
    return _packed(model)


def tensor_shape(data: bytes, rng: random.Random) -> bytes:
    """A dimension more or less, or another size."""
    model = _model(data)
    tensor = rng.choice(rng.choice(model.subgraphs).tensors)
    dims = [] if tensor.shape is None else [int(d) for d in tensor.shape]
    if dims and rng.random() < 0.6:
        dims[rng.randrange(len(dims))] = _number(rng, dims[0])
    else:
        dims = dims[:-1] if rng.random() < 0.5 else [*dims, rng.choice((1, 2, 3, 1024))]
    tensor.shape = np.clip(np.array(dims, np.int64), -(2**31), 2**31 - 1).astype(np.int32)
    return _packed(model)


def wiring(data: bytes, rng: random.Random) -> bytes:
    """Another tensor as an input or output of an op or graph, or an op without options."""
    model = _model(data)
    graph = rng.choice(model.subgraphs)
    where = rng.choice([graph, *(graph.operators or [])])
    if where is not graph and rng.random() < 0.3:
        where.builtinOptions = None
        where.builtinOptionsType = 0
        return _packed(model)
    name = rng.choice(("inputs", "outputs"))
    old = list(getattr(where, name) if getattr(where, name) is not None else ())
    index = rng.randrange(-1, len(graph.tensors) + 1)
    if old and rng.random() < 0.7:
        old[rng.randrange(len(old))] = index
    else:
        old = old[:-1] if rng.random() < 0.6 else [*old, index]
    setattr(where, name, np.array(old, np.int32))
    return _packed(model)


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    flip_bytes, flip_bytes, cut, any_field, any_field, any_field, tensor_type, tensor_type, tensor_shape, tensor_shape,
    wiring, wiring
]  # fmt: skip

OPTIONS: list[dict[str, Any]] = [
    {}, {}, {}, {"exact": True}, {"dequantize": True}, {"opset": 13}, {"opset": 21}, {"target": "portable"},
    {"on_error": "keep"},
    {"custom_ops": "my.domain"}
]  # fmt: skip


def mutant(seed: int, files: Sequence[Path]) -> tuple[str, bytes, dict[str, Any]]:
    """What is tried under a seed: where it comes from, the damaged model, the options."""
    rng = random.Random(seed)
    path = rng.choice(files)
    change = rng.choice(MUTATIONS)
    data = path.read_bytes()
    try:
        made = change(data, rng)
    except Exception:  # what the schema's own writer refuses
        change, made = flip_bytes, flip_bytes(data, rng)
    return f"{path.name}, {change.__name__}", made, rng.choice(OPTIONS)


def outcome(data: bytes, options: dict[str, Any], litert: bool = False) -> tuple[str, str]:
    """What comes out, and more about it: (`error` | `kept` | `custom` | `loads` | ..., text)."""
    from tfonnx_lab.runtime.sessions import session

    try:
        result = lab.convert(data, **options)
        if result.failures:
            return "kept", str(result.failures[0])
        model = result.model.SerializeToString()
    except lab.ConversionError as error:
        why = unclear(str(error))
        return ("unclear", f"{why}: {error}") if why else ("error", str(error))
    if any(n.domain == "my.domain" for n in result.model.graph.node):
        return "custom", ""
    try:
        session(model)
    except lab.ConversionError as error:
        return "not loaded", str(error)
    return _beside(result) if litert else ("loads", "")


def _beside(result: lab.Conversion) -> tuple[str, str]:
    """Whether the outputs are LiteRT's."""
    try:
        parity = lab.compare(result)
    except lab.ConversionError as error:
        return "not compared", str(error)
    far = [row for row in parity.outputs if row.relative > 1e-2]
    return ("differs", repr(parity)) if far else ("equal", "")


def chunk(start: int, files: Sequence[Path], litert: bool) -> None:
    """Try some seeds in a row in this process, a line each before and after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _late)
    for seed in range(start, start + CHUNK):
        name, data, options = mutant(seed, files)
        print(f"?\t{seed}\t{name}\t{options}", flush=True)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        try:
            kind, text = outcome(data, options, litert)
        except TimeoutError:
            kind, text = "slow", f"over {PATIENCE} s"
        except BaseException as error:
            kind, text = (
                "exception",
                f"{type(error).__name__}: {error} at {traceback.extract_tb(error.__traceback__)[-1]}",
            )
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(f"=\t{seed}\t{kind}\t{' '.join(text.split())[:400]}", flush=True)


def _late(*_: Any) -> None:
    raise TimeoutError


def guided(files: Sequence[Path], seconds: float) -> None:
    """Coverage-guided, by atheris: libFuzzer chooses what to damage further by what it reached. Ends the process, with
    another status than 0 where something came out that should not, and its bytes beside (`crash-...`)."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    def one(data: bytes) -> None:
        kind, text = outcome(data, {})
        if kind in BAD:
            raise AssertionError(f"{kind}: {text[:2000]}")

    def damaged(data: bytes, largest: int, seed: int) -> bytes:
        """One of the mutations, as the seeded ones are made; what is no model any more is damaged byte by byte."""
        rng = random.Random(seed)
        if len(data) < 16:
            return data + bytes(16)
        try:
            return rng.choice(MUTATIONS)(data, rng)[:largest]
        except Exception:
            return flip_bytes(data, rng)[:largest]

    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            (Path(folder) / path.name).write_bytes(path.read_bytes())
        limits = [f"-max_total_time={seconds:.0f}", f"-timeout={10 * PATIENCE}", "-rss_limit_mb=4096", "-verbosity=1"]
        atheris.Setup([sys.argv[0], folder, f"-max_len={2 * LARGEST}", *limits], one, custom_mutator=damaged)
        atheris.Fuzz()


def main() -> int:
    """Try mutants until the time is over; prints what came out, and each that should not have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--most", type=int, default=2**31, help="seeds at most")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--litert", action="store_true")
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--chunk", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    files = corpus(given.folders)
    if given.atheris:
        guided(files, given.seconds)
    if given.chunk is not None:
        chunk(given.chunk, files, given.litert)
        return 0
    if given.seed is not None:
        name, data, options = mutant(given.seed, files)
        print(name, options, *outcome(data, options, given.litert))
        return 0
    counts: collections.Counter[str] = collections.Counter()
    began, seed = time.monotonic(), given.start
    if importlib.util.find_spec("atheris") is not None and given.most == 2**31:
        command = [sys.executable, __file__, *given.folders, "--atheris", "--seconds", str(given.seconds / 2)]
        counts["process ended"] += int(subprocess.run(command).returncode != 0)
    while time.monotonic() - began < given.seconds and seed < given.start + given.most:
        seed += _some(seed, given, counts)
    print(", ".join(f"{many} {kind}" for kind, many in counts.most_common()), f"in {time.monotonic() - began:.0f} s")
    return int(any(counts[kind] for kind in BAD))


def _some(seed: int, given: argparse.Namespace, counts: collections.Counter[str]) -> int:
    """One process of seeds; returns how many were tried."""
    command = [sys.executable, __file__, *given.folders, "--chunk", str(seed), *(["--litert"] if given.litert else [])]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    told: dict[str, str] = {}
    tried = [seed]
    for line in done.stdout.splitlines():
        mark, number, kind, text = line.split("\t", 3)
        told[number] = kind if mark == "?" else told[number]
        tried.append(int(number) + 1)
        if mark == "=":
            counts[kind] += 1
            if kind in BAD:
                print(f"seed {number} ({told[number]}): {kind}: {text}", flush=True)
    if done.returncode:
        counts["process ended"] += 1
        print(f"seed {tried[-1] - 1}: process ended: {done.returncode} {done.stderr[-300:]}", flush=True)
    return tried[-1] - seed


if __name__ == "__main__":
    sys.exit(main())
