"""Puts a finished file in its place: all of it or nothing, and never over something that is no file of the user's
kind."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tfonnx_lab.errors import ConversionError


def checked_target(path: Path, originals: Iterable[Path] = ()) -> Path:
    """The path to write, links followed. Raises ConversionError where nothing may or can be written there.

    originals: files that must stay. Devices, pipes and folders are never replaced.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ConversionError(f"{path}: is no ordinary file, so it is not replaced; give another name")
    if any(target.exists() and original.exists() and target.samefile(original) for original in originals):
        raise ConversionError(f"{path}: is the model itself, which is not overwritten; give another name")
    if not target.parent.is_dir():
        raise ConversionError(f"{path}: the folder {target.parent} is not there; make it first")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ConversionError(f"{path}: the folder {target.parent} cannot be written to")
    return target


def put_in_place(draft: Path, target: Path) -> None:
    """Give a finished file its name in one step, also from another file system.

    Raises ConversionError where it fails.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            draft.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(draft, beside)
            beside.replace(target)
    except OSError as error:
        raise ConversionError(f"{target}: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
