"""convert_many(): the models of a folder, one by one, in processes here or in an executor of the caller's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from typing import Any

from tfonnx_lab.conversion.options import options_from, takes_options
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import made_folder
from tfonnx_lab.many import places
from tfonnx_lab.many.guard import close_idle, guarded
from tfonnx_lab.many.job import SETTLED, Job, Row
from tfonnx_lab.many.page import page
from tfonnx_lab.many.table import Sweep
from tfonnx_lab.rules import STAGES

REPORT = "report.jsonl"
PAGE = "index.html"
Place = str | os.PathLike[str]
Heard = Callable[[Row, int, int], None]
"""Is told of each row as it comes, how many there are, and how many there will be."""


@takes_options
def convert_many(
    models: Place | Sequence[Place],
    output: Place,
    *,
    verdict: bool = True,
    latency: bool = False,
    pages: bool = True,
    workers: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    time_limit: float = 600.0,
    memory_limit: int | None = None,
    handlers: Sequence[Place] = (),
    fresh: bool = False,
    against: Place | Sweep | None = None,
    heard: Heard = lambda row, count, total: None,
    **options: Any,
) -> Sweep:
    """Convert many models; each is a row of the answer, whatever happens to it.

    models: files, folders, globs and fsspec URLs (s3://, gs://, file://, memory:// ...).
    output: a folder or a URL; gets the ONNX files, `report.jsonl` (a line a model, written as it comes) and
        `index.html`.
    verdict: compare each with LiteRT.
    latency: measure each in ONNX Runtime, CPU time of one run on one thread.
    pages: write each model's report.
    workers: how many processes on this machine (default: one a core).
    executor: of `concurrent.futures`, instead of processes of this machine's; it needs to see the same files.
    scheduler: the address of a Dask scheduler, instead of both (`pip install tfonnx-lab[dask]`).
    time_limit: seconds a model may take.
    memory_limit: bytes of memory that the process of a model may take.
    handlers: Python files with rules of yours, for the processes know nothing of this one's.
    fresh: convert all again. Else what a former run with these options settled, of a file that has not changed since,
        is taken over.
    against: an older sweep, or its folder; `index.html` and `Sweep.changes` say what is different.
    heard: is called with each row, how many rows there are, and how many there will be.
    Raises ConversionError where there is no model, or the output cannot be written.
    """
    chosen = options_from("convert_many", options)
    _no_rules_of_this_process(handlers)
    before = Sweep.load(against) if against is not None and not isinstance(against, Sweep) else against
    folder = os.fspath(output)
    given = [models] if isinstance(models, (str, os.PathLike)) else list(models)
    jobs = _jobs(
        given, folder, chosen.changed(), verdict, latency, pages, [places.absolute(os.fspath(h)) for h in handlers]
    )
    log = _Log(folder, {} if fresh else _settled(folder, jobs))
    waiting = [job for job in jobs if job.name not in log.rows]
    with _executor(executor, scheduler, workers) as run, closing(log):
        for row in _rows(run, waiting, time_limit, memory_limit):
            log.add(row)
            heard(row, len(log.rows), len(jobs))
    sweep = Sweep([log.rows[job.name] for job in jobs], before, log.problems)
    with log.told(PAGE):
        places.write(places.joined(folder, PAGE), page(sweep, folder).encode())
    return sweep


def _jobs(
    given: Sequence[Place],
    folder: str,
    options: dict[str, Any],
    verdict: bool,
    latency: bool,
    pages: bool,
    handlers: Sequence[str],
) -> list[Job]:
    found = places.found(given)
    names = places.named([source for source, _ in found])
    base = places.absolute(folder)
    jobs = []
    for (source, stamp), name in zip(found, names, strict=True):
        jobs.append(
            Job(
                source=places.absolute(source),
                target=places.joined(base, f"{name}.onnx"),
                page=places.joined(base, f"{name}.onnx.html") if pages else "",
                name=name,
                stamp=stamp,
                options=options,
                handlers=tuple(handlers),
                verdict=verdict,
                latency=latency,
            )
        )
    return jobs


def _settled(folder: str, jobs: Sequence[Job]) -> dict[str, Row]:
    """The rows of a former run that still hold: same file, options and version, and what it wrote is there."""
    if not places.exists(places.joined(folder, REPORT)):
        return {}
    former = {row["name"]: row for row in Sweep.load(folder).rows}
    kept = {}
    for job in jobs:
        row = former.get(job.name)
        want = {k: v for k, v in json.loads(json.dumps(job.row(""))).items() if k != "status"}
        if row is None or row["status"] not in SETTLED or any(row.get(k) != v for k, v in want.items()):
            continue
        if row["status"] == "refused" or places.exists(job.target):
            kept[job.name] = row
    return kept


def _rows(run: Executor, jobs: Sequence[Job], seconds: float, memory: int | None) -> Iterator[Row]:
    """A row for each job as it is done, also where the executor loses it."""
    futures: dict[Future[Row], Job] = {}
    lost: list[Row] = []
    for job in jobs:
        try:
            futures[run.submit(guarded, job, seconds, memory)] = job
        except Exception as error:  # an executor that has broken takes no more
            lost.append(job.row("lost", error=f"{type(error).__name__}: {error}"))
    for future in as_completed(futures):
        try:
            yield future.result()
        except Exception as error:  # a killed worker of the executor's, an answer that cannot be sent
            yield futures[future].row("lost", error=f"{type(error).__name__}: {error}")
    yield from lost


@contextmanager
def _executor(executor: Executor | None, scheduler: str | None, workers: int | None) -> Iterator[Executor]:
    """The caller's executor, Dask's, or threads that each watch over a process."""
    if executor is not None and scheduler is not None:
        raise ValueError("executor= and scheduler=: one of them")
    if executor is not None:
        yield executor
    elif scheduler is not None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConversionError(f"scheduler={scheduler!r} needs Dask: pip install 'tfonnx-lab[dask]'") from error
        with Client(scheduler) as client:  # type: ignore[no-untyped-call]
            yield client.get_executor(pure=False, retries=2)
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        try:
            with ThreadPoolExecutor(cores if workers is None else workers) as threads:
                try:
                    yield threads
                except BaseException:  # an interrupt: what has not begun is left for the next run
                    threads.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            close_idle()


def _no_rules_of_this_process(handlers: Sequence[Place]) -> None:
    own = [r for stage in STAGES for r in stage if not r.function.__module__.startswith("tfonnx_lab.")]
    if own and not handlers:
        names = ", ".join(f"{r.name} ({r.file})" for r in own)
        raise ValueError(
            f"the processes of convert_many know no rules that were registered here: {names}; put them in a file and "
            "name it with handlers=[...], or take them out with lab.restore()"
        )


class _Log:
    """The rows so far, by the model's name, and the file with a line for each.

    problems: what of the report itself could not be written, on a full disk for example; the sweep goes on without.
    """

    def __init__(self, folder: str, kept: dict[str, Row]) -> None:
        self.rows = dict(kept)
        self.problems: list[str] = []
        self._missing = False
        self._target = places.joined(folder, REPORT)
        if not places.is_url(folder):
            made_folder(folder)
        self._write()

    def add(self, row: Row) -> None:
        """One more; of a local report the line is on the disk when this returns."""
        self.rows[row["name"]] = row
        if not places.is_url(self._target):
            try:
                places.append(self._target, f"{json.dumps(row)}\n")
            except OSError:
                self._missing = True

    def close(self) -> None:
        """A report at a URL, which cannot be added to, and one that lacks lines are written at the end."""
        if self._missing or places.is_url(self._target):
            with self.told(REPORT):
                self._write()

    @contextmanager
    def told(self, name: str) -> Iterator[None]:
        """What cannot be written in the block is one of the problems."""
        try:
            yield
        except (ConversionError, OSError) as error:
            text = str(error)
            self.problems.append(text if name in text else f"{name}: not written: {text}")

    def _write(self) -> None:
        places.write(self._target, "".join(f"{json.dumps(row)}\n" for row in self.rows.values()).encode())
