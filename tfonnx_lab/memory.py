"""The memory that this process may take of the machine, and the sentence for where that is not enough."""

from __future__ import annotations

import os


def allowed() -> tuple[int, str] | None:
    """(bytes, who says so): a limit of the process (`ulimit -v`) or the machine's size; None where neither is known."""
    found = []
    try:
        import resource  # there is none on Windows

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        found += [(limit, "a limit of this process, ulimit -v")] if limit != resource.RLIM_INFINITY else []
        found.append((os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "all that the machine has"))
    except (ImportError, ValueError, OSError):
        pass
    return min(found, default=None)


def too_little() -> str:
    """What a MemoryError means to a user: the model is not at fault."""
    most = allowed()
    limit = f": it may take {most[0]:,} bytes ({most[1]})" if most is not None else ""
    return f"there is not enough memory for this process{limit}; allow more, or free some; the model is not at fault"


_LIBRARY = ("failed to map segment", "std::bad_alloc", "Cannot allocate memory", "cannot allocate memory")
"""What says so where a library is loaded."""


def kept_from_loading(error: ImportError) -> bool:
    """Whether a library was not loaded because there is too little memory."""
    return any(text in str(error) for text in _LIBRARY)


def pass_on(error: BaseException) -> None:
    """Raise an error of too little memory again: no op is to blame for it."""
    if isinstance(error, MemoryError) and _of_the_machine(error):
        raise error


def _of_the_machine(error: MemoryError) -> bool:
    """Whether there is room for the array elsewhere; one that no machine like this holds is the file's fault."""
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)  # what numpy's own tells
    most = allowed()
    if shape is None or dtype is None or most is None:
        return True
    size = dtype.itemsize
    for dim in shape:
        size *= dim
    return bool(size <= most[0])
