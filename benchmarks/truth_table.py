"""How often the verdict is right: on conversions that are, and on conversions with one planted fault.

usage: python -m benchmarks.truth_table [FOLDER] [--count 60] [--seed 0] [--only TEXT] [--jobs 2]. Right ones: the
models of the folder (default: ../shared/models) by turns with several options. Faulty ones: a fault of
`benchmarks/faults.py` at one op of one model, drawn at random; it counts where it changes the numbers that the model
returns, which is told by running the two ONNX files side by side, without LiteRT, or where ONNX Runtime does not run
the file any more. Prints each, how often the op with the fault is the first named, how often an innocent is accused.
Exit status 1 where one is not right.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

import tfonnx_lab as lab
from tfonnx_lab.graph import ORIGIN
from tfonnx_lab.litert.cutting import Model
from tfonnx_lab.parity import compare
from tfonnx_lab.parity.given import default_given
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.sessions import OnnxRuntime

ALL: list[Any] = list(importlib.import_module("benchmarks.faults").ALL)
"""Every kind of fault."""

OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {"opset": 13}, {"dequantize": True}, {"target": "arm64"}, {"opset": 21}, {"exact": True},
    {"target": "portable"}, {"hybrid": "float"}, {"target": "nnapi"}, {"dequantize": True, "infer_relu": "off"},
    {"target": "coreml"},
)  # fmt: skip

MODELS = Path(__file__).parents[2] / "shared" / "models"
"""The models that lie beside the checkout."""

_LARGE = 6_000_000

_ROUNDS = 20
"""So many times each kind of fault is drawn at most."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A `map`, in this process or over several."""


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    told: str
    wanted: int | None
    named: int | None
    ok: bool
    sentence: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the verdict is the truth."""
        return self.named == self.wanted and self.ok == (self.wanted is None)

    def __str__(self) -> str:
        mark = "" if self.right else "  <-- wrong"
        return f"{self.told:100} {self.seconds:5.1f} s  {self.sentence}{mark}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path, nargs="?", default=MODELS)
    p.add_argument("--count", type=int, default=60)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--only", default="")
    p.add_argument("--jobs", type=int, default=2, help="processes beside each other")
    a = p.parse_args(arguments)
    paths = [f for f in sorted(a.folder.glob("*.tflite")) if f.stat().st_size < _LARGE and a.only in f.name]
    if not paths:
        p.error(f"no .tflite file in {a.folder}")
    began = time.perf_counter()
    found: dict[str, list[Case]] = {}
    with each(a.jobs) as made:
        for title, cases in (("right", right_ones(paths, a.seed, made)), ("faulty", faulty_ones(paths, a.seed, made))):
            found[title] = []
            for case in islice(cases, a.count):
                print(case, flush=True)
                found[title].append(case)
    print(summary(found))
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes, {a.jobs} processes")
    return 0 if all(case.right for cases in found.values() for case in cases) else 1


@contextmanager
def each(jobs: int) -> Iterator[Each]:
    """A `map` over as many processes; with one, here."""
    if jobs < 2:
        yield map
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:  # ONNX Runtime's threads do not survive a fork

        def made(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
            """In order, and no more than a few ahead of who reads: nobody wants all of them."""
            waiting: deque[Any] = deque()
            for item in items:
                waiting.append(pool.apply_async(function, (item,)))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().get()
            yield from (one.get() for one in waiting)

        yield made


def summary(found: dict[str, list[Case]]) -> str:
    """The figures."""
    right, faulty = found["right"], found["faulty"]
    accused = sum(not case.ok for case in right)
    named = sum(case.right for case in faulty)
    innocent = sum(case.named not in (case.wanted, None) for case in faulty)
    missed = sum(case.named is None for case in faulty)
    return (
        f"{len(right)} right conversions: an innocent op is accused in {accused}\n"
        f"{len(faulty)} faulty conversions: the op with the fault is named first in {named}, "
        f"an innocent one in {innocent}, none in {missed}"
    )


def right_ones(paths: list[Path], seed: int, made: Each = map) -> Iterator[Case]:
    """Conversions without a fault, models and options by turns."""
    rng = random.Random(seed)
    pairs = [(path, options) for path in paths for options in OPTIONS]
    rng.shuffle(pairs)
    yield from filter(None, made(_right_one, pairs))


def _right_one(pair: tuple[Path, dict[str, Any]]) -> Case | None:
    """The verdict on a right conversion; None where LiteRT cannot run it, or the option does not go with the model."""
    path, options = pair
    began = time.perf_counter()
    try:
        verdict = compare(lab.convert(path, **options), band=False).verdict
    except lab.ConversionError:
        return None
    took = time.perf_counter() - began
    return Case(f"{path.stem} {_told(options)}", None, verdict.op, verdict.ok, verdict.sentence, took)


def faulty_ones(paths: list[Path], seed: int, made: Each = map) -> Iterator[Case]:
    """Conversions with one fault each, the kinds by turns."""
    yield from filter(None, made(_faulty_one, _drawn(paths, seed)))


def _drawn(paths: list[Path], seed: int) -> Iterator[tuple[int, list[Path], int]]:
    """Faults by number, with the models in the order in which they are tried, and the seed of what else is drawn."""
    rng = random.Random(seed + 1)
    for _ in range(_ROUNDS):
        for fault in _mixed(rng):
            yield ALL.index(fault), rng.sample(paths, len(paths)), rng.randrange(1 << 30)


def _faulty_one(drawn: tuple[int, list[Path], int]) -> Case | None:
    """The fault in the first model where it has a place and changes something."""
    number, paths, seed = drawn
    fault = ALL[number]
    rng = random.Random(seed)
    for path in paths:
        ops = _ops(path)
        if fault.stage != "optimizer" and not set(fault.ops) & set(ops):
            continue
        case = _faulty(fault, path, ops, rng)
        if case is not None:
            return case
    return None


def _mixed(rng: random.Random) -> list[Any]:
    """All kinds of faults, those of handlers, rewriters and optimizers by turns."""
    stages = [rng.sample(kinds, len(kinds)) for kinds in _by_stage().values()]
    return [kind for kinds in zip_longest(*stages) for kind in kinds if kind is not None]


def _by_stage() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for fault in ALL:
        found.setdefault(fault.stage, []).append(fault)
    return found


def _faulty(fault: Any, path: Path, ops: list[str], rng: random.Random) -> Case | None:
    """The fault at one op of the model; None where it has no place there, or changes nothing."""
    options = rng.choice(OPTIONS)
    try:
        right = lab.convert(path, **options)
        fits = [i for i, kind in enumerate(ops) if kind in fault.ops]
        if fault.stage == "optimizer":
            origins = [n.meta.get(ORIGIN, ()) for n in right.ir_model.graph if n.op_type in fault.ops]
            fits = sorted({position for origin in origins if len(origin) == 1 for position in origin})
        for position in rng.sample(fits, min(len(fits), 2)):
            with fault.planted(position) as done:
                result = lab.convert(path, **options)
            if not done or not _harms(result, right):
                continue
            began = time.perf_counter()
            verdict = compare(result, band=False).verdict
            told = f"{path.stem[:36]} {_told(options)} op {position} {ops[position]}: {fault.stage}, {fault.name}"
            return Case(told, position, verdict.op, verdict.ok, verdict.sentence, time.perf_counter() - began)
    except lab.ConversionError:
        return None
    return None


@cache
def _ops(path: Path) -> list[str]:
    model = Model(memoryview(open_source(path)[0]))
    table = model.graphs[0]
    return [model.type_of(table.Operators(i)) for i in range(table.OperatorsLength())]


def _harms(faulty: lab.Conversion, right: lab.Conversion) -> bool:
    """Whether the two files return other numbers, by a code or by a thousandth of the largest, or one does not run."""
    try:
        given = default_given(right)
        wanted = OnnxRuntime(right.model).run(given)
    except lab.ConversionError:
        return False
    try:
        made = OnnxRuntime(faulty.model).run(given), wanted
    except lab.ConversionError:
        return True  # a model that does not run is the worst of faults
    return any(_differ(np.asarray(a), np.asarray(b)) for a, b in zip(*made, strict=True))


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape or a.dtype.kind not in "fiub":
        return a.shape != b.shape
    off = np.abs(a.astype(np.float64) - b.astype(np.float64))
    size = np.abs(b.astype(np.float64)).max(initial=0.0) * 1e-3 if b.dtype.kind == "f" else 1.0
    return bool(off.max(initial=0.0) > max(size, 1e-6))


def _told(options: dict[str, Any]) -> str:
    return " ".join(f"{k}={v}" for k, v in options.items()) or "default"


if __name__ == "__main__":
    sys.exit(main())
