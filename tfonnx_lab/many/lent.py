"""A job for another process: what only this process knows (memory://) stands in a folder as long as it lasts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.many import places
from tfonnx_lab.many.job import Job, Row

_HERE = "memory://"
"""fsspec's file system in the memory of a process."""


@contextmanager
def lent(job: Job) -> Iterator[tuple[Job, Callable[[Row], Row]]]:
    """(the job as other processes see it, what makes its row this job's, and brings its files home)."""
    if not any(place.startswith(_HERE) for place in (job.source, job.target, job.page)):
        yield job, lambda row: row
        return
    with places.readable(job.source) as source, tempfile.TemporaryDirectory(prefix="tfonnx-") as folder:
        local = {name: str(Path(folder, name)) for name in ("model.onnx", "model.html")}
        there = replace(
            job,
            source=source if job.source.startswith(_HERE) else job.source,
            target=local["model.onnx"] if job.target.startswith(_HERE) else job.target,
            page=local["model.html"] if job.page.startswith(_HERE) else job.page,
        )
        yield there, lambda row: _home(job, there, row)


def _home(job: Job, there: Job, row: Row) -> Row:
    row = row | {"source": job.source, "target": job.target, "page": job.page}
    try:
        for place, local in ((job.page, there.page), (job.target, there.target)):  # the ONNX file last
            if place != local and Path(local).exists():
                places.write(place, Path(local).read_bytes())
    except (ConversionError, OSError) as error:
        return row | {"status": "not written", "error": str(error)}
    return row
