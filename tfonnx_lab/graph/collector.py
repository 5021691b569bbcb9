"""Python's garbage collector, kept out of work that makes many objects and little garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ENOUGH = 1_000_000
"""How many objects may be made before a full collection."""


class Unseen:
    """What the collector has not looked at.

    frozen: whether somebody froze objects on purpose. To count them looks at each, so they are counted once.
    """

    objects = 0
    frozen = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection inside. It would walk the whole graph again and again, and cost a quarter of a conversion's time.

    Nor right behind it: what was made counts as old, so that the next small collection does not walk all of it. What of
    it is garbage goes with a collection of everything, at the latest after a million objects.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _make_old()
        gc.enable()


def _make_old() -> None:
    Unseen.objects += gc.get_count()[0]
    if Unseen.objects >= _ENOUGH:
        Unseen.objects = 0
        gc.collect()
    elif not Unseen.frozen:
        Unseen.frozen = gc.get_freeze_count() > 0
        if not Unseen.frozen:  # else it would thaw
            gc.freeze()
            gc.unfreeze()
