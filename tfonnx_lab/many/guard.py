"""One model under guard: its process is ended at the limits, and a process that crashes becomes a row of the report."""

from __future__ import annotations

import atexit
import threading
import time
from pathlib import Path

import psutil

from tfonnx_lab.child import Child, Ended
from tfonnx_lab.many.job import Job, Row
from tfonnx_lab.many.lent import lent

_SCRIPT = Path(__file__).with_name("process.py")
_LOOK = 0.1
"""How often time and memory are looked at, in seconds: a model can take gigabytes a second, so not much less often."""

_MODELS = 50
"""How often, in models, it is checked how much memory a process holds."""

_GROWN = 500 << 20
"""A process that holds so many bytes more than after its first model is replaced: what TensorFlow and LiteRT do not
give back stays small. It is not replaced without need: its imports take as long as twenty small models."""

_idle: list[_Worker] = []
_lock = threading.Lock()


class _Worker:
    """A process that converts, and how many models it has had."""

    def __init__(self) -> None:
        self.child = Child(_SCRIPT, {"TF_CPP_MIN_LOG_LEVEL": "3", "OPENBLAS_NUM_THREADS": "1"})
        self.models = 0
        self._first = 0

    def has_grown(self) -> bool:
        """Whether it holds much more than after its first model, now that it is done with another one."""
        if self.models == 1:
            self._first = _taken(self.child.pid)
        return self.models % _MODELS == 0 and _taken(self.child.pid) > self._first + _GROWN

    def close(self) -> None:
        """End it, with the processes that it has started; what one that is gone had started ends by itself."""
        if self.child.alive:  # else its number may be another process's by now
            kill(self.child.pid)
        self.child.close()


class _Watch(threading.Thread):
    """Ends a process that takes too long or too much."""

    def __init__(self, pid: int, seconds: float, memory: int | None) -> None:
        super().__init__(daemon=True)
        self.pid, self.seconds, self.memory = pid, seconds, memory
        self.found: tuple[str, str] | None = None
        self._end = threading.Event()

    def run(self) -> None:
        deadline = time.monotonic() + self.seconds
        while self.found is None and not self._end.wait(_LOOK):
            if time.monotonic() > deadline:
                self.found = "timeout", f"it was ended after {self.seconds:g} s"
            elif self.memory is not None and (taken := _taken(self.pid)) > self.memory:
                self.found = "memory", f"it was ended when it took {taken:,} bytes of the {self.memory:,} allowed"
        if self.found is not None:
            kill(self.pid)

    def stop(self) -> None:
        """The answer is there."""
        self._end.set()
        self.join()


def guarded(job: Job, seconds: float, memory: int | None) -> Row:
    """The row of a model, converted in a process of its own that is used again for the next one.

    seconds: how long it may take.
    memory: how many bytes the process and those that it starts may take; None: as many as there are.
    Any executor may run this, in a thread or in a process, here or on another machine.
    """
    with lent(job) as (there, back):
        return back(_guarded(there, seconds, memory))


def _guarded(job: Job, seconds: float, memory: int | None) -> Row:
    """`guarded`, of a job whose places every process of this machine's knows."""
    worker = _taken_from_idle()
    worker.models += 1
    watch = _Watch(worker.child.pid, seconds, memory)
    watch.start()
    try:
        _, row = worker.child.ask(job)
    except Ended as error:
        watch.stop()
        worker.close()
        said = worker.child.said().strip()[-500:]
        status, why = watch.found or ("crashed", f"its process ended with {error}" + (f": {said}" if said else ""))
        return job.row(status, error=why)
    except BaseException:
        watch.stop()
        worker.close()
        raise
    watch.stop()
    if watch.found is not None or worker.has_grown():  # it may have been ended in the moment of its answer
        worker.close()
    else:
        with _lock:
            _idle.append(worker)
    assert isinstance(row, dict)
    return row


def close_idle() -> None:
    """End the processes that wait for a model."""
    with _lock:
        ended, _idle[:] = list(_idle), []
    for worker in ended:
        worker.close()


def kill(pid: int) -> None:
    """End a process and all that it has started."""
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


def _taken_from_idle() -> _Worker:
    with _lock:
        while _idle:
            worker = _idle.pop()
            if worker.child.alive:
                return worker
    return _Worker()


def _taken(pid: int) -> int:
    """The bytes of memory that a process and those that it has started hold."""
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            total += int(one.memory_info().rss)
    except psutil.NoSuchProcess:
        return total
    return total


atexit.register(close_idle)
