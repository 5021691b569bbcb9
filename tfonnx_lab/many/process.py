"""The program of a process that converts models, one after the other: a request is a Job, the answer its row."""

from __future__ import annotations

import os
import pickle
import runpy
import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from tfonnx_lab.errors import ConversionError, NoMemory
from tfonnx_lab.many import places
from tfonnx_lab.many.job import Job, Row

TURNS = 20
"""How often a model runs for its latency, of which the shortest counts."""

_LOADED: set[str] = set()


def done(job: Job) -> Row:
    """Convert one model, judge it, write it."""
    from tfonnx_lab.conversion.pipeline import convert

    for path in job.handlers:
        if path not in _LOADED:
            _LOADED.add(path)
            runpy.run_path(path, run_name=Path(path).stem)
    began = process_time()
    with places.readable(job.source) as source:
        try:
            result = convert(source, **job.options)
        except NoMemory as error:
            return job.row("memory", error=str(error), seconds=round(process_time() - began, 3))
        except (ConversionError, ValueError, TypeError) as error:
            return job.row("refused", error=str(error), seconds=round(process_time() - began, 3))
        row = job.row(
            "converted",
            seconds=round(process_time() - began, 3),
            nodes=len(result.ir_model.graph),
            opset=result.options.opset,
        )
        if not os.path.isdir(source):
            row["source_bytes"] = os.path.getsize(source)
        if job.verdict:
            row |= _judged(result)
        if job.latency:
            row |= _timed(result)
        return _written(job, result, row)


def _judged(result: Any) -> Row:
    """LiteRT's word on it; a note where LiteRT cannot run the model, which says nothing against the conversion."""
    from tfonnx_lab.parity import compare
    from tfonnx_lab.runtime.sessions import Threads

    Threads.each = 1  # the other cores have models of their own, and threads of ONNX Runtime's wait by spinning
    try:
        verdict = compare(result).verdict
    except ConversionError as error:
        return {"verdict": "", "note": str(error)}
    return {"status": "right" if verdict.ok else "wrong", "verdict": verdict.sentence, "op": verdict.op}


def _timed(result: Any) -> Row:
    """The CPU time of one run in ONNX Runtime on one thread, in ms, the shortest of `TURNS`."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(result.model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        feeds = {i.name: _some(i.type, i.shape) for i in session.get_inputs()}
        session.run(None, feeds)
        times = []
        for _ in range(TURNS):
            began = process_time()
            session.run(None, feeds)
            times.append(process_time() - began)
    except Exception as error:  # ONNX Runtime raises its own classes, which have no common base but this
        return {"note": f"not timed: {str(error).strip().splitlines()[0]}"}
    return {"latency_ms": round(min(times) * 1e3, 4)}


def _some(kind: str, shape: list[Any]) -> np.ndarray:
    """An array for an input of ONNX Runtime's; sizes that are not known are 1."""
    sizes = [d if isinstance(d, int) else 1 for d in shape]
    name = kind.removeprefix("tensor(").removesuffix(")")
    if name == "string":
        return np.full(sizes, "a", dtype=object)
    dtype = {"float": "float32", "double": "float64"}.get(name, name)
    return np.random.default_rng(0).random(sizes).astype(dtype)


def _written(job: Job, result: Any, row: Row) -> Row:
    """The files under their final names, the ONNX file last: where it stands, all of it is there."""
    from tfonnx_lab.reports import report
    from tfonnx_lab.reports.html import page

    try:
        if job.page:
            places.write(job.page, page(report(result, parity=False)).encode(), [job.source])
        if places.is_url(job.target):
            data = result.model.SerializeToString()
            places.write(job.target, data)
            row["bytes"] = len(data)
        else:
            Path(job.target).parent.mkdir(parents=True, exist_ok=True)
            result.save(job.target)
            row["bytes"] = os.path.getsize(job.target)
    except (ConversionError, OSError) as error:
        return row | {"status": "not written", "error": str(error)}
    return row


def main() -> None:
    """Answer until the pipe ends. What a model prints goes to stderr, since stdout is the pipe."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin.close()
    while True:
        try:
            job = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = "done", done(job)
        except MemoryError:
            answer = "done", job.row("memory", error="there was no memory left")
        except Exception as error:  # whatever a model or a user's handler raises is its row
            answer = "done", job.row("crashed", error=f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    main()
