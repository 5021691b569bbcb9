"""The table itself: `benchmarks/truth_table.py` says what it is."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

import tfonnx_lab as lab
from tfonnx_lab.litert.cutting import Model
from tfonnx_lab.parity import compare
from tfonnx_lab.parity.given import default_given
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.sessions import OnnxRuntime

from .cases import Case, Kept, jobs_at_most, summary
from .faults import Fault
from .kinds import KINDS
from .options import OPTIONS, options_for

MODELS = Path(__file__).parents[3] / "shared" / "models"
"""The models that lie beside the checkout."""

_LARGE = 6_000_000

_ROUNDS = 20
"""So many times each kind of fault is drawn at most."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A `map`, in this process or over several."""


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path, nargs="?", default=MODELS)
    p.add_argument("--count", type=int, default=60)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--only", default="", help="models with this in their names")
    p.add_argument("--kind", default="", help="faults with this in their names; no right conversions then")
    p.add_argument("--jobs", type=int, default=jobs_at_most(), help="processes beside each other")
    p.add_argument("--keep", type=Path, help="a file for what was found, to go on from")
    a = p.parse_args(arguments)
    paths = [f for f in sorted(a.folder.glob("*.tflite")) if f.stat().st_size < _LARGE and a.only in f.name]
    if not paths:
        p.error(f"no .tflite file in {a.folder}")
    kinds = [number for number, fault in enumerate(KINDS) if a.kind in fault.name]
    began = time.perf_counter()
    found: dict[str, list[Case]] = {"right": [], "faulty": []}
    kept = Kept(a.keep, f"{a.seed} {a.only} {a.kind} {[path.name for path in paths]}")
    with each(a.jobs) as made:
        for title, cases in (
            ("right", () if a.kind else right_ones(paths, a.seed, made, kept)),
            ("faulty", faulty_ones(paths, a.seed, made, kept, kinds)),
        ):
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


def right_ones(paths: list[Path], seed: int, made: Each = map, kept: Kept | None = None) -> Iterator[Case]:
    """Conversions without a fault, models and options by turns."""
    rng = random.Random(seed)
    pairs = [(path, name) for path in paths for name in OPTIONS]
    rng.shuffle(pairs)
    return (kept or Kept()).each("right", _right_one, pairs, made)


def _right_one(pair: tuple[Path, str]) -> Case | None:
    """The verdict on a right conversion; None where LiteRT cannot run it, or the option does not go with the model."""
    path, name = pair
    began = time.perf_counter()
    try:
        verdict = compare(lab.convert(path, **options_for(path, name)), band=False).verdict
    except lab.ConversionError:
        return None
    took = time.perf_counter() - began
    return Case(f"{path.stem} {name}", None, verdict.op, verdict.ok, verdict.sentence, took)


def faulty_ones(
    paths: list[Path], seed: int, made: Each = map, kept: Kept | None = None, kinds: Iterable[int] = range(len(KINDS))
) -> Iterator[Case]:
    """Conversions with one fault each, the kinds by turns."""
    return (kept or Kept()).each("faulty", _faulty_one, _drawn(paths, seed, list(kinds)), made)


def _drawn(paths: list[Path], seed: int, kinds: list[int]) -> Iterator[tuple[int, list[Path], int]]:
    """Faults by number, with the models in the order in which they are tried, and the seed of what else is drawn."""
    rng = random.Random(seed + 1)
    for _ in range(_ROUNDS):
        for number in _mixed(rng, kinds):
            yield number, rng.sample(paths, len(paths)), rng.randrange(1 << 30)


def _faulty_one(drawn: tuple[int, list[Path], int]) -> Case | None:
    """The fault in the first model where it has a place and changes something."""
    number, paths, seed = drawn
    fault, rng = KINDS[number], random.Random(seed)
    for path in paths:
        inner = _ops(path)
        if fault.stage != "optimizer" and not set(fault.ops) & frozenset().union(*inner):
            continue
        case = _faulty(fault, path, inner, rng)
        if case is not None:
            return case
    return None


def _mixed(rng: random.Random, kinds: list[int]) -> list[int]:
    """All these kinds of faults, those of handlers, rewriters and optimizers by turns."""
    by_stage: dict[str, list[int]] = {}
    for number in kinds:
        by_stage.setdefault(KINDS[number].stage, []).append(number)
    stages = [rng.sample(numbers, len(numbers)) for numbers in by_stage.values()]
    return [number for numbers in zip_longest(*stages) for number in numbers if number is not None]


def _faulty(fault: Fault, path: Path, inner: list[frozenset[str]], rng: random.Random) -> Case | None:
    """The fault at one op of the model; None where it has no place there, or changes nothing."""
    name = rng.choice(list(OPTIONS))
    try:
        options = options_for(path, name)
        right = lab.convert(path, **options)
        for position in fault.places(right, inner, rng):
            with fault.planted(position) as done:
                result = lab.convert(path, **options)
            if not done or not _harms(result, right):
                continue
            began = time.perf_counter()
            verdict = compare(result, band=False).verdict
            kind = _model(path).type_of(_model(path).op(0, position))
            told = f"{path.stem[:36]} {name} op {position} {kind}: {fault.stage}, {fault.name}"
            return Case(told, position, verdict.op, verdict.ok, verdict.sentence, time.perf_counter() - began)
    except lab.ConversionError:
        return None
    return None


@cache
def _model(path: Path) -> Model:
    return Model(memoryview(open_source(path)[0]))


@cache
def _ops(path: Path) -> list[frozenset[str]]:
    """For each op of the main graph its type, and those of all ops that it runs."""
    model = _model(path)
    graphs = [list(map(table.Operators, range(table.OperatorsLength()))) for table in model.graphs]

    def types(op: Any, above: tuple[int, ...]) -> frozenset[str]:
        called = [graph for _, graph in model.called_by(op) if graph not in above]
        inner = [types(one, (*above, graph)) for graph in called for one in graphs[graph]]
        return frozenset((model.type_of(op),)).union(*inner)

    return [types(op, (0,)) for op in graphs[0]]


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
